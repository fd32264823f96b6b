package seal

import (
	"crypto/sha3"
	"io"
	"testing"
	"time"

	"github.com/wardbook/wardbook/internal/id"
)

// stream is a deterministic source of randomness: SHAKE128 of a name.
func stream(name string) io.Reader {
	s := sha3.NewSHAKE128()
	_, _ = s.Write([]byte(name))
	return s
}

// someID returns an identifier whose bytes are all b.
func someID(b byte) id.ID {
	var x id.ID
	for i := range x {
		x[i] = b
	}
	return x
}

func someAddress() Address {
	return Address{Org: someID(0xa1), Table: 7, Row: someID(0xb2), Field: 3, Subject: someID(0xc3)}
}

func someTime() time.Time { return time.Date(2026, 11, 23, 8, 30, 0, 0, time.UTC) }

// mustFailSealed fails the test unless err is the one generic error.
func mustFailSealed(t *testing.T, err error) {
	t.Helper()
	if !IsUnsealed(err) {
		t.Fatalf("error = %v, want unsealed", err)
	}
	if err != error(errUnsealed) {
		t.Fatalf("the error tells more than it should: %v", err)
	}
}
