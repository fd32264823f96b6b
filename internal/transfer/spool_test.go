package transfer

import (
	"bytes"
	"crypto/rand"
	"io"
	"os"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/seal"
)

func readAll(src Source) ([]byte, error) {
	f, err := src()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(f)
}

// What was kept comes back, as often as it is asked for; what was altered on the disk does not.
func TestSpool(t *testing.T) {
	t.Parallel()
	s := &spool{dir: t.TempDir(), rand: rand.Reader, key: seal.NewKey(rand.Reader)}
	const cell = pieceSize + seal.Overhead
	for i, size := range []int{0, 1, pieceSize - 1, pieceSize, pieceSize + 1, 3 * pieceSize} {
		file := id.ID{byte(i + 1)}
		text := bytes.Repeat([]byte("secret! "), size/8+1)[:size]
		if n, err := s.write(file, iotest.OneByteReader(bytes.NewReader(text)), 1<<20); err != nil || n != int64(size) {
			t.Fatal(n, err)
		}
		for range 2 {
			if got, err := readAll(s.source(file)); err != nil || !bytes.Equal(got, text) {
				t.Errorf("%d bytes come back as %d (%v)", size, len(got), err)
			}
		}
		whole, err := os.ReadFile(s.path(file))
		if err != nil || bytes.Contains(whole, []byte("secret!")) {
			t.Errorf("the file can be read (%v)", err)
		}
		bad := map[string][]byte{"a bit": append([]byte(nil), whole...), "the end cut off": whole[:len(whole)-1], "all cut off": nil, "more at the end": append(append([]byte(nil), whole...), 0)}
		bad["a bit"][len(whole)/2] ^= 1
		if size >= pieceSize {
			bad["cut at a piece"] = whole[:cell]
			bad["the first piece gone"] = whole[cell:]
		}
		if size == 3*pieceSize {
			bad["two pieces in the other order"] = append(append(append([]byte(nil), whole[cell:2*cell]...), whole[:cell]...), whole[2*cell:]...)
		}
		for name, b := range bad {
			if err := os.WriteFile(s.path(file), b, 0o600); err != nil {
				t.Fatal(err)
			}
			if got, err := readAll(s.source(file)); fault.Reason(err) != "upload_damaged" {
				t.Errorf("%d bytes, %s: %d bytes (%v)", size, name, len(got), err)
			}
			if _, err := Read(s.source(file), ReadOptions{}); !fault.Is(err, fault.Unavailable) {
				t.Errorf("%d bytes, %s: read as a table (%v)", size, name, err)
			}
		}
		s.remove(file)
		if _, err := readAll(s.source(file)); !fault.Is(err, fault.NotFound) {
			t.Error(err)
		}
	}
	for name, r := range map[string]io.Reader{
		"too large": strings.NewReader(strings.Repeat("x", 200)), "broken off": io.MultiReader(strings.NewReader("a,b\n"), iotest.ErrReader(io.ErrUnexpectedEOF)),
	} {
		if n, err := s.write(id.ID{99}, r, 100); err == nil {
			t.Errorf("%s: %d bytes were kept", name, n)
		}
		if _, err := os.Stat(s.path(id.ID{99})); !os.IsNotExist(err) {
			t.Errorf("%s: something is left (%v)", name, err)
		}
	}
}
