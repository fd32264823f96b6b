package seal

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"io"
	"strings"
	"unicode/utf8"

	"golang.org/x/crypto/argon2"
	"golang.org/x/text/unicode/norm"

	"github.com/wardbook/wardbook/internal/fault"
)

// SlotKind says what opens a slot.
type SlotKind string

// The kinds of slots.
const (
	KindKeyFile    SlotKind = "keyfile"    // 32 random bytes in a file, made by NewKeyFile
	KindPassphrase SlotKind = "passphrase" // a text that a person remembers, through argon2id
)

// Cost is the work of deriving a key from a passphrase with argon2id (RFC 9106).
type Cost struct {
	Memory  uint32 `json:"memory_kib"`
	Time    uint32 `json:"time"` // passes over the memory
	Threads uint8  `json:"threads"`
}

// DefaultCost is 1 GiB, 4 passes, 2 threads: seconds per guess, on the one machine that opens the
// keyring a few times a year.
func DefaultCost() Cost { return Cost{Memory: 1 << 20, Time: 4, Threads: 2} }

// costLimits are the least and the most work that a slot may ask for. The floor keeps a passphrase slow to
// guess, the ceiling keeps a forged file from eating the machine.
type costLimits struct{ floor, ceiling Cost }

func productLimits() costLimits {
	return costLimits{floor: Cost{256 << 10, 2, 1}, ceiling: Cost{4 << 20, 16, 16}}
}

func (l costLimits) check(c Cost) error {
	if c.Memory < l.floor.Memory || c.Time < l.floor.Time || c.Threads < l.floor.Threads {
		return fault.New(fault.Invalid, "cost_low", "a passphrase slot needs at least %d MiB of memory, %d passes and %d thread",
			l.floor.Memory>>10, l.floor.Time, l.floor.Threads)
	}
	if c.Memory > l.ceiling.Memory || c.Time > l.ceiling.Time || c.Threads > l.ceiling.Threads {
		return fault.New(fault.Invalid, "cost_high", "a passphrase slot may ask for at most %d MiB of memory, %d passes and %d threads",
			l.ceiling.Memory>>10, l.ceiling.Time, l.ceiling.Threads)
	}
	return nil
}

// Unlocker is what a person holds to open a keyring: the content of a key file, or a passphrase. It makes
// slots and opens them. It keeps the secret where printing does not reach.
type Unlocker struct {
	kind   SlotKind
	label  string
	cost   Cost
	limits costLimits
	short  bool // too short for a new slot
	derive func(salt []byte, cost Cost) Key
}

// WithLabel names the slots that u will make, "safe in Shanghai"; at most 64 characters.
func (u Unlocker) WithLabel(label string) Unlocker {
	u.label = label
	return u
}

// WithCost sets the work for the passphrase slots that u will make; DefaultCost when not called. At least
// 256 MiB and 2 passes, at most 4 GiB, 16 passes and 16 threads. A slot that exists has its own.
func (u Unlocker) WithCost(cost Cost) Unlocker {
	u.cost = cost
	return u
}

const (
	keyFileFamily   = "wardbook-key-"
	keyFileMagic    = keyFileFamily + "1"
	keyFileCheck    = 4 // bytes of checksum
	keyFileBody     = (KeySize + keyFileCheck) * 4 / 3
	maxKeyFile      = 4096
	maxPassphrase   = 1024 // bytes
	leastPassphrase = 15   // characters, NIST SP 800-63B-4 for the only factor
	maxLabel        = 64   // characters
)

// NewKeyFile draws the content of a key file: one line of text, the magic word and base64url of 32
// random bytes and a checksum, so that a wrong, cut or mistyped file is told from a foreign one.
func NewKeyFile(rand io.Reader) []byte {
	raw := make([]byte, KeySize, KeySize+keyFileCheck)
	mustRead(rand, raw)
	raw = append(raw, keyFileSum(raw)...)
	return []byte(keyFileMagic + " " + base64.RawURLEncoding.EncodeToString(raw) + "\n")
}

func keyFileSum(raw []byte) []byte {
	sum := sha256.Sum256(append([]byte(keyFileMagic), raw...))
	return sum[:keyFileCheck]
}

// KeyFile returns the unlocker for the content of a key file; white space around it does not matter. Its
// errors are Invalid and say what is wrong with the file: key_file_empty, key_file_unknown (not a key file
// of ours), key_file_newer, key_file_short or key_file_damaged.
func KeyFile(content []byte) (Unlocker, error) {
	raw, err := parseKeyFile(content)
	if err != nil {
		return Unlocker{}, err
	}
	key, err := KeyFromBytes(raw)
	if err != nil {
		return Unlocker{}, err
	}
	return Unlocker{
		kind: KindKeyFile, limits: productLimits(),
		derive: func([]byte, Cost) Key { return key.DeriveKey("wardbook-slot/keyfile/1") },
	}, nil
}

func parseKeyFile(content []byte) ([]byte, error) {
	bad := func(reason, message string) error { return fault.New(fault.Invalid, reason, "%s", message) }
	content = bytes.TrimSpace(bytes.TrimPrefix(content[:min(len(content), maxKeyFile)], []byte("\ufeff")))
	if len(content) == 0 {
		return nil, bad("key_file_empty", "the key file is empty")
	}
	magic, body, _ := strings.Cut(string(content), " ")
	if !strings.HasPrefix(magic, keyFileFamily) {
		return nil, bad("key_file_unknown", "this is not a Wardbook key file: one begins with "+keyFileMagic)
	}
	if magic != keyFileMagic {
		return nil, bad("key_file_newer", "the key file is of a newer kind than this release knows, or damaged")
	}
	if len(body) < keyFileBody {
		return nil, bad("key_file_short", "the key file is cut off: the text after "+keyFileMagic+" must have 48 characters")
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(body)
	if err != nil || len(raw) != KeySize+keyFileCheck || subtle.ConstantTimeCompare(raw[KeySize:], keyFileSum(raw[:KeySize])) != 1 {
		return nil, bad("key_file_damaged", "the key file is damaged: a character is wrong or missing; use another copy")
	}
	return raw[:KeySize], nil
}

// Passphrase returns the unlocker for a passphrase, compared after NFKC so that the way of typing it does
// not matter. A new slot wants at least 15 characters. Its error is Invalid about the field "passphrase":
// empty, not UTF-8, or longer than 1024 bytes.
func Passphrase(text string) (Unlocker, error) {
	if text == "" || len(text) > maxPassphrase || !utf8.ValidString(text) {
		return Unlocker{}, fault.InField("passphrase", "bad_passphrase", "must be text of 1 to %d bytes", maxPassphrase)
	}
	text = norm.NFKC.String(text)
	return Unlocker{
		kind: KindPassphrase, cost: DefaultCost(), limits: productLimits(),
		short: utf8.RuneCountInString(text) < leastPassphrase,
		derive: func(salt []byte, c Cost) Key {
			return newKey((*[KeySize]byte)(argon2.IDKey([]byte(text), salt, c.Time, c.Memory, c.Threads, KeySize)))
		},
	}, nil
}
