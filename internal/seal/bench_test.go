package seal

import (
	"bytes"
	"crypto/rand"
	"testing"
)

// The numbers that design.md counts on: opening a row's blob with its person's key still wrapped.
func BenchmarkCell(b *testing.B) {
	kek, dek, addr := NewKey(rand.Reader), NewKey(rand.Reader), someAddress()
	blob := bytes.Repeat([]byte{'x'}, 300)
	cell := Seal(rand.Reader, dek, 1, Personal, addr, blob)
	wrapped := Wrap(rand.Reader, kek, 1, Personal, addr, dek)
	run := func(name string, do func() error) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := do(); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	run("seal 300 B", func() error { Seal(rand.Reader, dek, 1, Personal, addr, blob); return nil })
	run("open 300 B", func() error { _, err := Open(dek, Personal, addr, cell); return err })
	run("wrap", func() error { Wrap(rand.Reader, kek, 1, Personal, addr, dek); return nil })
	run("unwrap", func() error { _, err := Unwrap(kek, Personal, addr, wrapped); return err })
	run("unwrap and open 300 B", func() error {
		k, err := Unwrap(kek, Personal, addr, wrapped)
		if err != nil {
			return err
		}
		_, err = Open(k, Personal, addr, cell)
		return err
	})
	index := NewIndex(kek, 1, 2, 3, 16)
	run("token", func() error { index.Token("li.na@example.cn"); return nil })
	run("normalise and token", func() error { a, _ := Email("Li.Na@Example.CN"); index.Token(a); return nil })
	fields := Pack(map[uint32][]byte{1: blob[:20], 2: blob[:30], 3: blob[:15], 4: blob[:11], 5: blob[:60], 6: blob[:90]})
	run("unpack 6 fields", func() error { _, err := Unpack(fields); return err })
}
