// Package script runs the real binary as its users do: the scripts in testdata, on both engines, with
// a server, a generated company and, where its folder is there, a real export.
package script

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/wardbook/wardbook/internal/sqldb/pgtest"
)

func TestMain(m *testing.M) { pgtest.Main(m) }

// realData is a public CRM export that no one here wrote; it is not part of the project.
const realData = "../../../shared/data/maven-crm"

// build compiles the program once for all scripts of a test.
func build(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	cmd := exec.Command("go", "build", "-o", filepath.Join(dir, "wardbook"), "../../cmd/wardbook")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return dir
}

func TestScripts(t *testing.T) {
	t.Parallel()
	bin := build(t)
	for _, engine := range []string{"sqlite", "postgresql"} {
		t.Run(engine, func(t *testing.T) {
			t.Parallel()
			database := ""
			if engine == "postgresql" {
				database = pgtest.DSN(t)
			}
			testscript.Run(t, params("testdata", database, func(e *testscript.Env) error { return setup(e, bin, database, "") }))
		})
	}
}

// The journey of a company from its first import to its export.
func TestCompany(t *testing.T) {
	t.Parallel()
	bin := build(t)
	for _, source := range []string{"twin", "export"} {
		for _, engine := range []string{"sqlite", "postgresql"} {
			t.Run(source+"/"+engine, func(t *testing.T) {
				t.Parallel()
				folder, err := filepath.Abs(realData)
				if err != nil {
					t.Fatal(err)
				}
				if source == "export" && testing.Short() {
					t.Skip("the short run has the generated twin")
				}
				if source == "twin" {
					folder = t.TempDir()
					if err := writeTwin(folder, 7, 600); err != nil {
						t.Fatal(err)
					}
				} else if _, err := os.Stat(folder); err != nil {
					t.Skip("skipped: the real export is not on this machine")
				}
				database := ""
				if engine == "postgresql" {
					database = pgtest.DSN(t)
				}
				testscript.Run(t, params("testdata/company", database, func(e *testscript.Env) error { return setup(e, bin, database, folder) }))
			})
		}
	}
}

func params(dir, database string, setup func(*testscript.Env) error) testscript.Params {
	return testscript.Params{
		Dir: dir, Setup: setup, RequireUniqueNames: true,
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"serve": serve, "halt": halt, "api": callAPI, "json": checkJSON, "keep": keepJSON, "flip": flip, "secret": secret, "won": won,
		},
		Condition: func(cond string) (bool, error) {
			if cond == "sqlite" {
				return database == "", nil
			}
			return false, fmt.Errorf("unknown condition %s", cond)
		},
	}
}

func setup(e *testscript.Env, bin, database, folder string) error {
	e.Setenv("PATH", bin+string(os.PathListSeparator)+e.Getenv("PATH"))
	e.Setenv("WARDBOOK_DATA", filepath.Join(e.WorkDir, "data"))
	e.Setenv("WARDBOOK_KEY_FILE", filepath.Join(e.WorkDir, "key"))
	if database != "" {
		e.Setenv("WARDBOOK_DATABASE", database)
	}
	e.Setenv("CRM", folder)
	if err := os.WriteFile(filepath.Join(e.WorkDir, "password"), []byte("correct horse battery staple\n"), 0o600); err != nil {
		return err
	}
	s := &server{}
	e.Values[serverKey{}] = s
	e.Defer(s.end)
	return nil
}
