package control

import (
	"testing"
	"time"
)

func TestKnownTokens(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 3, 4, 8, 0, 0, 0, time.UTC)
	hash := func(n byte) []byte { return append(make([]byte, 31), n) }
	var k knownTokens
	get := func(what string, n byte, now time.Time, want bool) (turn uint64) {
		t.Helper()
		_, found, turn := k.get(hash(n), now)
		if found != want {
			t.Errorf("%s: found %v", what, found)
		}
		return turn
	}
	turn := get("nothing yet", 1, at, false)
	k.put(Token{Hash: hash(1)}, turn, at)
	get("as it was just read", 1, at.Add(tokenAge-1), true)
	get("too old", 1, at.Add(tokenAge), false)
	get("with a clock that was set back", 1, at.Add(-1), false)
	get("another one", 2, at, false)
	k.forget()
	get("after a change", 1, at, false)
	k.put(Token{Hash: hash(1)}, turn, at)
	get("read before the change, kept after it", 1, at, false)
	turn = get("", 3, at, false)
	for n := range maxTokens + 5 {
		h := hash(byte(n))
		h[0], h[1] = byte(n>>16), byte(n>>8)
		k.put(Token{Hash: h}, turn, at)
	}
	if len(k.known) > maxTokens {
		t.Errorf("%d tokens are kept", len(k.known))
	}
}
