package vault

import (
	"encoding/binary"
	"errors"
)

// Places in the header of a frame and of the log.
const (
	commitOff   = 4 // of a frame: pages of the database after a commit, else 0
	checksumOff = 16
	bigEndian   = 1 // lowest bit of the log's magic number
)

// damaged reports whether a frame that does not open is damage, and not what a power cut left. With
// full synchronous commits, what follows a commit was written after that commit was safe. So when
// further on a commit is followed by a frame that carries its checksum on, the frame before was safe
// too, and to end the log there would drop transactions that were acknowledged.
func (w *walFile) damaged(frame int64) bool {
	var before [8]byte // checksum of the frame before
	follows, committed := false, false
	for n := frame + 1; ; n++ {
		err := w.readFrame(n)
		if err != nil && !errors.Is(err, errAuth) && !errors.Is(err, errNoKey) {
			return false // the end of the file
		}
		if err != nil || !w.current() {
			follows, committed = false, false // an earlier log's
			continue
		}
		carries := follows && w.carries(before)
		if carries && committed {
			return true
		}
		committed = !allZero(w.plain[commitOff:][:4])
		before, follows = [8]byte(w.plain[checksumOff:]), true
	}
}

// carries reports whether the checksum of the frame in plain goes on from that of the frame before
// (https://sqlite.org/fileformat.html#checksum_algorithm).
func (w *walFile) carries(before [8]byte) bool {
	order := binary.ByteOrder(binary.LittleEndian)
	if w.big {
		order = binary.BigEndian
	}
	a, b := binary.BigEndian.Uint32(before[:]), binary.BigEndian.Uint32(before[4:])
	for _, part := range [][]byte{w.plain[:8], w.plain[frameHead:]} {
		for ; len(part) >= 8; part = part[8:] {
			a += order.Uint32(part) + b
			b += order.Uint32(part[4:]) + a
		}
	}
	sum := w.plain[checksumOff:]
	return a == binary.BigEndian.Uint32(sum) && b == binary.BigEndian.Uint32(sum[4:])
}
