package control

import (
	"sync"
	"time"
)

// tokenAge is how long a token counts as it was last read: what another node revokes holds here that
// much later. What this process revokes holds at once.
const tokenAge = time.Second

// maxTokens bounds the tokens kept in memory; beyond it they are read anew.
const maxTokens = 10_000

// knownTokens keeps tokens that were read a moment ago, because every call of the API asks for one.
type knownTokens struct {
	mu    sync.Mutex
	turn  uint64 // counts what changed here, so that what was read before a change is not kept after it
	known map[[32]byte]knownToken
}

type knownToken struct {
	Token

	read time.Time
}

// get returns a token as it was read less than tokenAge ago, and the turn for put.
func (k *knownTokens) get(hash []byte, now time.Time) (t Token, found bool, turn uint64) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(hash) != 32 {
		return Token{}, false, k.turn
	}
	got, found := k.known[[32]byte(hash)]
	age := now.Sub(got.read)
	return got.Token, found && age >= 0 && age < tokenAge, k.turn
}

// put keeps a token that was being read since the turn and the moment given.
func (k *knownTokens) put(t Token, turn uint64, read time.Time) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if turn != k.turn || len(t.Hash) != 32 {
		return
	}
	if k.known == nil || len(k.known) >= maxTokens {
		k.known = map[[32]byte]knownToken{}
	}
	k.known[[32]byte(t.Hash)] = knownToken{t, read}
}

// forget drops every token; it is called after each change, before it is answered.
func (k *knownTokens) forget() {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.turn++
	clear(k.known)
}
