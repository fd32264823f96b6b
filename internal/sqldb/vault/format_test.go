package vault_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/sha256"
	"database/sql"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/sqldb/vault"
)

// A reader opens sealed files with nothing but docs/formats/vault.md and the standard library. It
// uses no code and no constant of package vault.
type reader struct {
	keys map[uint32][]byte
}

var errReader = errors.New("does not open")

// derive is section 2.
func (r reader) derive(epoch uint32, salt []byte, role string, size int) []byte {
	key, err := hkdf.Key(sha256.New, r.keys[epoch], salt, "wardbook-vault/1/"+role, size)
	if err != nil {
		panic(err)
	}
	return key
}

// open opens nonce(12) ‖ ciphertext ‖ tag(16), section 3.
func (r reader) open(key, message []byte, kind string, id []byte, position uint64, epoch uint32) ([]byte, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	gcm, err := cipher.NewGCM(block)
	if err != nil || len(message) < 28 {
		return nil, errReader
	}
	aad := append([]byte(kind), id...)
	aad = binary.BigEndian.AppendUint64(aad, position)
	aad = binary.BigEndian.AppendUint32(aad, epoch)
	return gcm.Open(nil, message[:12], message[12:], aad)
}

// database turns a database file into that of plain SQLite, section 4.
func (r reader) database(file []byte) (plain []byte, err error) {
	if len(file)%4096 != 0 {
		return nil, errReader
	}
	for n := 0; n < len(file)/4096; n++ {
		page := file[n*4096:][:4096]
		epoch := binary.BigEndian.Uint32(page[4092:])
		id, message := file[:12], page[:4092]
		if n == 0 {
			if !bytes.Equal(page[12:16], r.derive(epoch, id, "check", 4)) {
				return nil, errReader
			}
			message = page[16:4092]
			plain = append(plain, "SQLite format 3\x00"...)
		}
		body, err := r.open(r.derive(epoch, id, "page", 32), message, "page", id, uint64(n+1), epoch)
		if err != nil {
			return nil, fmt.Errorf("page %d: %w", n+1, err)
		}
		plain = append(append(plain, body...), make([]byte, 32)...)
	}
	return plain, nil
}

// log turns a write-ahead log into that of plain SQLite, section 5. It ends at the first frame that
// does not open.
func (r reader) log(file []byte) ([]byte, error) {
	if len(file) < 76 {
		return nil, nil
	}
	id, epoch := file[:12], binary.BigEndian.Uint32(file[72:])
	plain, err := r.open(r.derive(epoch, id, "wal", 32), file[12:72], "walh", id, 0, epoch)
	if err != nil {
		return nil, err
	}
	for n := 0; 76+(n+1)*4120 <= len(file); n++ {
		frame := file[76+n*4120:][:4120]
		epoch := binary.BigEndian.Uint32(frame[4116:])
		body, err := r.open(r.derive(epoch, id, "wal", 32), frame[:4116], "walf", id, uint64(n+1), epoch)
		if err != nil {
			return plain, nil
		}
		plain = append(append(plain, body...), make([]byte, 32)...)
	}
	return plain, nil
}

// journal turns a rollback journal into that of plain SQLite, section 6.
func (r reader) journal(file []byte) (plain []byte, err error) {
	if len(file) < 32 {
		return nil, nil
	}
	id, epoch := file[16:28], binary.BigEndian.Uint32(file[28:])
	key := r.derive(epoch, file[:16], "journal"+string(id), 32)
	fill := 512
	for n := 0; 32+(n+1)*542 <= len(file); n++ {
		block, err := r.open(key, file[32+n*542:][:542], "jrnl", id, uint64(n), epoch)
		if err != nil {
			block = make([]byte, 514)
			block[512] = 2
		}
		plain, fill = append(plain, block[:512]...), int(binary.BigEndian.Uint16(block[512:]))
	}
	return plain[:max(len(plain)-512+fill, 0)], nil
}

// plainCopy writes what the reader makes of a sealed database and its log and journal into a folder.
func (r reader) plainCopy(t *testing.T, files map[string][]byte) (path string) {
	t.Helper()
	path = filepath.Join(t.TempDir(), "plain.db")
	for suffix, open := range map[string]func([]byte) ([]byte, error){"": r.database, "-wal": r.log, "-journal": r.journal} {
		if files[suffix] == nil {
			continue
		}
		plain, err := open(files[suffix])
		if err != nil {
			t.Fatalf("%q: %v", suffix, err)
		}
		if err := os.WriteFile(path+suffix, plain, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return path
}

// sealedFiles reads a database with its log and journal as they stand on the disk.
func sealedFiles(t testing.TB, path string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, suffix := range []string{"", "-wal", "-journal"} {
		if b, err := os.ReadFile(path + suffix); err == nil {
			files[suffix] = b
		}
	}
	return files
}

// dump returns all rows of table t.
func dump(db *sql.DB) (string, error) {
	rows, err := db.Query(`SELECT id, v FROM t ORDER BY id`)
	if err != nil {
		return "", err
	}
	defer rows.Close()
	var out strings.Builder
	for rows.Next() {
		var id int64
		var v string
		if err := rows.Scan(&id, &v); err != nil {
			return "", err
		}
		fmt.Fprintf(&out, "%d %s\n", id, v)
	}
	return out.String(), rows.Err()
}

func mustDump(t testing.TB, db *sql.DB) string {
	t.Helper()
	s, err := dump(db)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// The independent reader sees in the bytes on disk what SQLite shows through the vault, with a log
// that was not emptied and with the journal of a transaction that never ended.
func TestFormat(t *testing.T) {
	t.Parallel()
	key := [32]byte{42}
	r := reader{map[uint32][]byte{1: key[:]}}
	for _, mode := range []string{"wal", "delete", "persist"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			v := register(t, vault.Static(key), vault.Options{})
			path := filepath.Join(t.TempDir(), "a.db")
			db := open(t, vault.DSN(v.Name(), path)+"&_pragma=journal_mode("+mode+")&_pragma=cache_size(10)")
			db.SetMaxOpenConns(1)
			exec(t, db, `CREATE TABLE t (id INTEGER PRIMARY KEY, v TEXT); CREATE INDEX i ON t (v)`)
			for i := range 100 {
				exec(t, db, `INSERT INTO t (v) VALUES (?)`, strings.Repeat(fmt.Sprint("row ", i), 100))
			}
			want := mustDump(t, db)
			tx, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			for range 3 { // spills, so that pages are in the file or the log before the commit
				if _, err := tx.Exec(`UPDATE t SET v = 'lost' || v`); err != nil {
					t.Fatal(err)
				}
			}
			files := sealedFiles(t, path)
			if err := tx.Rollback(); err != nil {
				t.Fatal(err)
			}
			if mode != "wal" && len(files["-journal"]) == 0 || mode == "wal" && len(files["-wal"]) == 0 {
				t.Fatal("no journal to read")
			}
			plain := open(t, "file:"+r.plainCopy(t, files)+"?vfs=os")
			if got := one(t, plain, `PRAGMA integrity_check`); got != "ok" {
				t.Error(got)
			}
			if got := mustDump(t, plain); got != want {
				t.Errorf("the reader sees %.100q, SQLite %.100q", got, want)
			}
		})
	}
}

// vectors are testdata/vectors.json.
type vectors struct {
	Keys []struct {
		Epoch uint32
		Key   string // hexadecimal
	}
	Derived []struct {
		Epoch            uint32
		Salt, Role, Info string // Salt and Info hexadecimal; Info follows the role
		Key              string
	}
	Files map[string]map[string][]byte // of a case, by suffix
	Rows  map[string]string            // of a case: what table t holds
}

// A file that an earlier release wrote stays readable: by the vault and by the reader.
func TestVectors(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("testdata/vectors.json")
	if err != nil {
		t.Fatal(err)
	}
	var vec vectors
	if err := json.Unmarshal(text, &vec); err != nil {
		t.Fatal(err)
	}
	r, ring := reader{map[uint32][]byte{}}, map[uint32][32]byte{}
	for _, k := range vec.Keys {
		b, err := hex.DecodeString(k.Key)
		if err != nil {
			t.Fatal(err)
		}
		r.keys[k.Epoch], ring[k.Epoch] = b, [32]byte(b)
	}
	for _, d := range vec.Derived {
		salt, _ := hex.DecodeString(d.Salt)
		info, _ := hex.DecodeString(d.Info)
		want, _ := hex.DecodeString(d.Key)
		if got := r.derive(d.Epoch, salt, d.Role+string(info), len(want)); !bytes.Equal(got, want) {
			t.Errorf("%s of epoch %d: %x, want %x", d.Role, d.Epoch, got, want)
		}
	}
	v := register(t, vault.KeyRing(2, ring), vault.Options{})
	for name, files := range vec.Files {
		path := filepath.Join(t.TempDir(), "a.db")
		for suffix, b := range files {
			if err := os.WriteFile(path+suffix, b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		for who, dsn := range map[string]string{"reader": "file:" + r.plainCopy(t, files) + "?vfs=os", "vault": vault.DSN(v.Name(), path)} {
			if got := mustDump(t, open(t, dsn)); got != vec.Rows[name] {
				t.Errorf("%s, %s: %q, want %q", name, who, got, vec.Rows[name])
			}
		}
	}
	if len(vec.Files) != 2 || len(vec.Derived) < 4 {
		t.Error("the vectors are not whole")
	}
}
