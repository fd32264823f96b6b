package vault_test

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/sqldb/vault"
	"github.com/wardbook/wardbook/internal/sqldb/vaulttest"
)

// A transaction over two files with rollback journals is in both or in none after a power cut: the
// super-journal, sealed too, ties the journals together.
func TestPowerCutsAcrossFiles(t *testing.T) {
	t.Parallel()
	disk := vaulttest.NewDisk()
	v := register(t, vault.Static([32]byte{1}), vault.Options{Inner: disk})
	dir := t.TempDir() // the journals name the super-journal by its path, so the cuts are written here too
	dsn := dsnFor(v.Name(), dir, "delete", "full")
	attach := `ATTACH '` + vault.DSN(v.Name(), filepath.Join(dir, "b.db")) + `' AS b`
	db := open(t, dsn)
	db.SetMaxOpenConns(1)
	exec(t, db, attach)
	exec(t, db, `CREATE TABLE main.x (v TEXT); CREATE TABLE b.y (v TEXT)`)
	start := disk.Len()
	for range 8 {
		exec(t, db, `BEGIN`)
		exec(t, db, `INSERT INTO x VALUES (?)`, strings.Repeat("both", 2000))
		exec(t, db, `INSERT INTO y VALUES (?)`, strings.Repeat("both", 2000))
		exec(t, db, `COMMIT`)
	}
	db.Close()
	if files := strings.Join(disk.Files(), " "); !strings.Contains(files, "-mj") {
		t.Fatalf("no super-journal among %s", files)
	}
	power := disk.Cuts(rand.New(rand.NewPCG(11, 12)))
	power.Next(start)
	end := disk.Len() - start
	for cut := 0; cut < end/7 && power.Next(7); cut++ {
		left, err := os.ReadDir(dir)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range left {
			if err := os.Remove(filepath.Join(dir, f.Name())); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := power.Write(dir); err != nil {
			t.Fatal(err)
		}
		db := open(t, dsn)
		db.SetMaxOpenConns(1)
		exec(t, db, attach)
		if got := one(t, db, `SELECT (SELECT count(*) FROM x) - (SELECT count(*) FROM y)`); got != "0" {
			t.Errorf("cut %d: one file is %s transactions ahead", cut, got)
		}
		db.Close()
	}
}
