package web

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// spectralAt is the folder below the user's cache into which scripts/setup puts Spectral.
const spectralAt = "wardbook/spectral/node_modules"

// TestDescriptionIsLinted holds the document of a new organisation to the rules of testdata/spectral.yaml.
func TestDescriptionIsLinted(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("node takes several seconds")
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Skip("there is no cache folder: ", err)
	}
	modules := filepath.Join(cache, filepath.FromSlash(spectralAt))
	spectral := filepath.Join(modules, ".bin", "spectral")
	if _, err := os.Stat(spectral); err != nil {
		t.Skip("Spectral is not installed: scripts/setup test installs it where npm is")
	}
	if _, err := exec.LookPath("node"); err != nil {
		t.Skip("node is not installed")
	}
	dir := t.TempDir() // beside the rules, so that what they extend is found
	if err := os.Symlink(modules, filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	lint := func(doc []byte) ([]byte, error) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, "openapi.json"), doc, 0o600); err != nil {
			t.Fatal(err)
		}
		cmd := exec.CommandContext(t.Context(), spectral, "lint", "--quiet", "--fail-severity=warn", "--ruleset", "spectral.yaml", "openapi.json")
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "SCARF_ANALYTICS=false", "NO_UPDATE_NOTIFIER=1")
		return cmd.CombinedOutput()
	}
	rules, err := os.ReadFile("testdata/spectral.yaml")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "spectral.yaml"), rules, 0o600); err != nil {
		t.Fatal(err)
	}
	doc, err := os.ReadFile("testdata/openapi.json")
	if err != nil {
		t.Fatal(err)
	}
	if out, err := lint(doc); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	unbounded := bytes.Replace(doc, []byte(`"maxItems": 500,`), nil, 1)
	if out, err := lint(unbounded); err == nil || !bytes.Contains(out, []byte("array-limit")) {
		t.Errorf("a list without a bound is not noticed: %v\n%s", err, out)
	}
}
