package vault_test

import (
	"database/sql"
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ncruces/go-sqlite3/driver"
	"github.com/ncruces/go-sqlite3/vfs"

	"github.com/wardbook/wardbook/internal/sqldb/vault"
	"github.com/wardbook/wardbook/internal/sqldb/vaulttest"
)

// crashes records a run of transactions and cuts the power at so many moments of it. It returns
// how many cuts left a database that is damaged or lacks a transaction that was acknowledged.
func crashes(t *testing.T, name string, disk *vaulttest.Disk, mode, sync string, want int) (cuts, lost int, first string) {
	t.Helper()
	db := open(t, dsnFor(name, t.TempDir(), mode, sync))
	fillRounds(t, db, disk)
	exec(t, db, `DELETE FROM t WHERE id % 5 = 0`)
	exec(t, db, `VACUUM`)
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	power := disk.Cuts(rand.New(rand.NewPCG(1, 2)))
	every := max(disk.Len()/want, 1)
	for k := 0; power.Next(every); k += every {
		dir := t.TempDir()
		marks, err := power.Write(dir)
		if err != nil {
			t.Fatal(err)
		}
		cuts++
		if err := recovered(vault.DSN(name, filepath.Join(dir, "a.db")), least(marks, sync), marks); err != nil {
			if lost++; lost == 1 {
				first = fmt.Sprintf("cut after %d of %d operations: %v", k+every, disk.Len(), err)
			}
		}
	}
	return cuts, lost, first
}

func dsnFor(name, dir, mode, sync string) string {
	pages := "20"
	if sync == "normal" {
		pages = "300" // several transactions that did not wait for the disk
	}
	return vault.DSN(name, filepath.Join(dir, "a.db")) + "&_pragma=journal_mode(" + mode + ")&_pragma=synchronous(" + sync + ")&_pragma=cache_size(10)&_pragma=wal_autocheckpoint(" + pages + ")"
}

// fillRounds commits six transactions and marks each in the record of the disk.
func fillRounds(t *testing.T, db *sql.DB, disk *vaulttest.Disk) {
	t.Helper()
	db.SetMaxOpenConns(1)
	exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, round INT, v BLOB); CREATE INDEX i ON t (v)`)
	disk.Mark(0)
	for round := 1; round <= 6; round++ {
		transact(t, db, round)
		disk.Mark(int64(round))
	}
}

// transact commits 20 rows and changes older ones, more than the page cache holds, so that pages go to
// the log or the file before the commit and are written again.
func transact(t *testing.T, db *sql.DB, round int) {
	t.Helper()
	tx, err := db.Begin()
	if err != nil {
		t.Fatal(err)
	}
	for i := range 20 {
		if _, err := tx.Exec(`INSERT INTO t (round, v) VALUES (?, ?)`, round, strings.Repeat(fmt.Sprint(round*i, "-"), 250)); err != nil {
			t.Fatal(err)
		}
	}
	for i := range 3 {
		if _, err := tx.Exec(`UPDATE t SET v = v || 'x' WHERE id % 3 = ?`, i); err != nil {
			t.Fatal(err)
		}
	}
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
}

// least is how many transactions must be there after a power cut. One may be missing that did not wait
// for the disk.
func least(marks []int64, sync string) int64 {
	if len(marks) == 0 || sync == "normal" {
		return 0
	}
	return marks[len(marks)-1]
}

// recovered opens what a power cut left and checks that it is whole, has at least so many of the
// transactions that were marked, and no half of one.
func recovered(dsn string, least int64, marks []int64) error {
	db, err := driver.Open(dsn)
	if err != nil {
		return err
	}
	defer db.Close()
	var ok string
	if err := db.QueryRow(`PRAGMA integrity_check`).Scan(&ok); err != nil || ok != "ok" {
		return fmt.Errorf("integrity: %q, %w", ok, err)
	}
	if len(marks) == 0 {
		return nil
	}
	if least == 0 { // the table may be lost too
		if _, err := db.Exec(`CREATE TABLE IF NOT EXISTS t (id INTEGER PRIMARY KEY, round INT, v BLOB)`); err != nil {
			return err
		}
	}
	var rounds, half int64
	q := `SELECT count(*), count(CASE WHEN n NOT IN (20, 16) THEN 1 END) FROM (SELECT count(*) AS n FROM t WHERE round < 99 GROUP BY round)`
	if err := db.QueryRow(q).Scan(&rounds, &half); err != nil {
		return err
	}
	if last := marks[len(marks)-1]; rounds < least || rounds > last+1 || half > 0 {
		return fmt.Errorf("%d transactions of %d, %d in halves", rounds, last, half)
	}
	_, err = db.Exec(`INSERT INTO t (round, v) VALUES (99, 'after')`)
	return err
}

func TestPowerCuts(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"wal", "delete", "truncate", "persist"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			disk := vaulttest.NewDisk()
			v := register(t, vault.Static([32]byte{1}), vault.Options{Inner: disk})
			want := 150
			if testing.Short() {
				want = 40
			}
			cuts, lost, first := crashes(t, v.Name(), disk, mode, "full", want)
			if lost > 0 {
				t.Errorf("%d of %d power cuts lost something; %s", lost, cuts, first)
			}
			t.Logf("%d power cuts in %d operations", cuts, disk.Len())
		})
	}
}

// A file whose commits do not wait for the disk is whole after a power cut, and opens.
func TestPowerCutsRelaxed(t *testing.T) {
	t.Parallel()
	disk := vaulttest.NewDisk()
	v := register(t, vault.Static([32]byte{1}), vault.Options{Inner: disk, Relaxed: true})
	want := 200
	if testing.Short() {
		want = 100
	}
	if cuts, lost, first := crashes(t, v.Name(), disk, "wal", "normal", want); lost > 0 {
		t.Errorf("%d of %d power cuts hurt; %s", lost, cuts, first)
	}
}

// Without syncs the same cuts must lose something, or the test above proves nothing.
func TestPowerCutsAreFelt(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"wal", "delete"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			disk := vaulttest.NewDisk()
			v := register(t, vault.Static([32]byte{1}), vault.Options{Inner: disk})
			if cuts, lost, _ := crashes(t, v.Name(), disk, mode, "off", 40); lost == 0 {
				t.Errorf("none of %d power cuts hurt a database that never syncs", cuts)
			}
		})
	}
}

// The power may go again while SQLite mends what the first cut left.
func TestPowerCutsWhileMending(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"wal", "delete"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			first := vaulttest.NewDisk()
			v := register(t, vault.Static([32]byte{1}), vault.Options{Inner: first})
			db := open(t, dsnFor(v.Name(), t.TempDir(), mode, "full"))
			fillRounds(t, db, first)
			luck := rand.New(rand.NewPCG(3, 4))
			power := first.Cuts(luck)
			second := 0
			for power.Next(first.Len() / 12) {
				dir := t.TempDir()
				marks, err := power.Write(dir)
				if err != nil {
					t.Fatal(err)
				}
				second += mendings(t, dir, marks, luck)
			}
			t.Logf("%d second cuts", second)
			if second < 50 {
				t.Errorf("only %d cuts fell into a mending", second)
			}
		})
	}
}

// mendings opens what a cut left, through a disk of its own, and cuts the power at moments of that.
func mendings(t *testing.T, dir string, marks []int64, luck *rand.Rand) (cuts int) {
	t.Helper()
	disk := vaulttest.NewDisk()
	v := register(t, vault.Static([32]byte{1}), vault.Options{Inner: disk})
	if err := disk.Load(dir); err != nil {
		t.Fatal(err)
	}
	if err := recovered(vault.DSN(v.Name(), filepath.Join(dir, "a.db")), least(marks, "full"), marks); err != nil {
		t.Errorf("after one cut: %v", err)
	}
	every := max(disk.Len()/10, 1)
	for power := disk.Cuts(luck); power.Next(every); cuts++ {
		again := t.TempDir()
		if _, err := power.Write(again); err != nil {
			t.Fatal(err)
		}
		if err := recovered(vault.DSN(v.Name(), filepath.Join(again, "a.db")), least(marks, "full"), marks); err != nil {
			t.Errorf("after two cuts: %v", err)
		}
	}
	return cuts
}

// The same disk under SQLite alone: what the test asks for is what SQLite promises.
func TestPowerCutsPlain(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"wal", "delete"} {
		disk := vaulttest.NewDisk()
		vfs.Register("plain"+mode, disk)
		t.Cleanup(func() { vfs.Unregister("plain" + mode) })
		if cuts, lost, first := crashes(t, "plain"+mode, disk, mode, "full", 40); lost > 0 {
			t.Errorf("%s: %d of %d power cuts lost something; %s", mode, lost, cuts, first)
		}
	}
}
