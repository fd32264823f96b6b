package sqldb

import (
	"path/filepath"
	"testing"

	"github.com/ncruces/go-sqlite3"
	"github.com/ncruces/go-sqlite3/driver"
)

// A connection for reading compiles a statement once, whatever is bound to it, and has a cache for the
// attached file too.
func TestReadersKeepTheirPlans(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	beside, err := OpenSQLite(t.Context(), SQLiteConfig{DSN: "file:" + filepath.Join(dir, "beside.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = beside.Close() })
	db, err := OpenSQLite(t.Context(), SQLiteConfig{
		DSN: "file:" + filepath.Join(dir, "data.db"), CacheMB: 3, Attach: []Attachment{{Name: "beside", DSN: "file:" + filepath.Join(dir, "beside.db")}},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	conn, err := db.db.Conn(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	err = conn.Raw(func(raw any) error {
		c := raw.(driver.Conn).Raw()
		st, _, err := c.Prepare("SELECT name FROM sqlite_schema WHERE name > ? LIMIT ?")
		if err != nil {
			return err
		}
		defer st.Close()
		for n := range 3 {
			if err := st.BindInt(1, n); err != nil {
				return err
			}
			if err := st.BindInt(2, n); err != nil {
				return err
			}
			if err := st.Exec(); err != nil {
				return err
			}
		}
		if n := st.Status(sqlite3.STMTSTATUS_REPREPARE, false); n != 0 {
			t.Errorf("compiled anew %d times", n)
		}
		cache, _, err := c.Prepare("PRAGMA beside.cache_size")
		if err != nil {
			return err
		}
		defer cache.Close()
		if !cache.Step() || cache.ColumnInt(0) != -3*1024 {
			t.Errorf("the cache of the attached file is %d", cache.ColumnInt(0))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
