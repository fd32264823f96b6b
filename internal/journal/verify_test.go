package journal

import (
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"testing"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

const logSize = 1030 // four full tiles, and 30 after the last checkpoint but one

func TestVerifyGood(t *testing.T) {
	t.Parallel()
	for _, n := range []uint64{0, 1, 49, 50, 51, 256, 257, logSize} {
		l := newTestLog(t, n)
		r := l.verify(t, l.options(l.notes...))
		if !r.OK() || r.Problems != 0 {
			t.Fatalf("%d entries: %v", n, r.FirstBad)
		}
		if r.Entries != n || r.Signed != n || r.Checkpoints != uint64(len(l.notes)) || r.Known != r.Checkpoints || r.Sealed != (n+2)/3 || r.TimeJumps != 0 {
			t.Errorf("%d entries: %+v", n, r)
		}
		var ref reference
		for i := range l.rows {
			ref.add(t, int64(i), record(uint64(i), l.rows[i].Body))
		}
		if want, err := tlog.TreeHash(int64(n), &ref); err != nil || r.Root != want {
			t.Errorf("%d entries: root %v, want %v", n, r.Root, want)
		}
	}
}

// rewrite replaces the body of a row and makes columns and hash agree, as a careful forger would.
func rewrite(r *Row, change func(*Entry)) {
	e, err := DecodeBody(r.Body)
	if err != nil {
		panic(err)
	}
	change(&e)
	*r = rowOf(r.Seq, &e, r.Sealed)
}

type tamper struct {
	do    func(t *testing.T, l *testLog)
	known bool // give the verifier the last checkpoint, kept elsewhere
	index uint64
	last  uint64 // 0: the same as index
	what  string
}

// rowTampers change the rows. Entry 333 has a sealed blob and lies between the checkpoints 300 and 350.
func rowTampers() map[string]tamper {
	one := func(do func(r *Row)) func(*testing.T, *testLog) {
		return func(_ *testing.T, l *testLog) { do(&l.rows[333]) }
	}
	m := map[string]tamper{
		"flip body":     {do: one(func(r *Row) { r.Body[40] ^= 1 }), what: BadColumns},
		"cut body":      {do: one(func(r *Row) { r.Body = r.Body[:20] }), what: BadBody},
		"no body":       {do: one(func(r *Row) { r.Body = nil }), what: BadBody},
		"flip sealed":   {do: one(func(r *Row) { r.Sealed[9] ^= 1 }), what: BadSealed},
		"no sealed":     {do: one(func(r *Row) { r.Sealed = nil }), what: BadSealed},
		"flip hash":     {do: one(func(r *Row) { r.Hash[31] ^= 1 }), what: BadHash},
		"column id":     {do: one(func(r *Row) { r.ID[0] ^= 1 }), what: BadColumns},
		"column at":     {do: one(func(r *Row) { r.At++ }), what: BadColumns},
		"column actor":  {do: one(func(r *Row) { r.Actor = id.ID{} }), what: BadColumns},
		"column verb":   {do: one(func(r *Row) { r.Verb = "read" }), what: BadColumns},
		"column object": {do: one(func(r *Row) { r.Object = "deal" }), what: BadColumns},
		"column record": {do: one(func(r *Row) { r.Record[1] ^= 1 }), what: BadColumns},
		"column change": {do: one(func(r *Row) { r.ChangeSet[1] ^= 1 }), what: BadColumns},
		"delete":        {do: func(_ *testing.T, l *testLog) { l.rows = slices.Delete(l.rows, 333, 334) }, what: BadGap},
		"insert":        {do: func(_ *testing.T, l *testLog) { l.rows = slices.Insert(l.rows, 334, l.rows[333]) }, what: BadOrder},
		"reorder":       {do: func(_ *testing.T, l *testLog) { l.rows[333], l.rows[334] = l.rows[334], l.rows[333] }, what: BadGap},
		"swap numbers": {do: func(_ *testing.T, l *testLog) {
			l.rows[333], l.rows[334] = l.rows[334], l.rows[333]
			l.rows[333].Seq, l.rows[334].Seq = 333, 334
		}, what: BadHash},
		"insert and renumber": {do: func(_ *testing.T, l *testLog) {
			l.rows = slices.Insert(l.rows, 333, l.rows[10])
			for i := 333; i < len(l.rows); i++ {
				l.rows[i].Seq = uint64(i)
			}
		}, what: BadHash},
		"number out of range": {do: one(func(r *Row) { r.Seq = 1<<64 - 1 }), what: BadOrder},
	}
	for name, tt := range m {
		tt.index = 333
		m[name] = tt
	}
	m["sealed where none was"] = tamper{do: func(_ *testing.T, l *testLog) { l.rows[334].Sealed = []byte{1} }, index: 334, what: BadSealed}
	m["delete several, over a checkpoint"] = tamper{do: func(_ *testing.T, l *testLog) { l.rows = slices.Delete(l.rows, 333, 413) }, index: 333, last: 412, what: BadGap}
	m["first entry gone"] = tamper{do: func(_ *testing.T, l *testLog) { l.rows = l.rows[1:] }, index: 0, what: BadGap}
	m["two rows, the earlier counts"] = tamper{do: func(_ *testing.T, l *testLog) { l.rows[20].Hash[0]++; l.rows[900].Hash[0]++ }, index: 20, what: BadHash}
	return m
}

// logTampers change rows consistently, or what stands around them.
func logTampers() map[string]tamper {
	careful := func(_ *testing.T, l *testLog) { rewrite(&l.rows[333], func(e *Entry) { e.Actor = id.ID{9} }) }
	return map[string]tamper{
		"careful forgery":                {do: careful, index: 300, last: 349, what: BadRoot},
		"careful forgery, first entry":   {do: func(_ *testing.T, l *testLog) { rewrite(&l.rows[0], func(e *Entry) { e.Verb = "x" }) }, index: 0, last: 49, what: BadRoot},
		"careful forgery, last entry":    {do: func(_ *testing.T, l *testLog) { rewrite(&l.rows[logSize-1], func(e *Entry) { e.Verb = "x" }) }, index: 1000, last: logSize - 1, what: BadRoot},
		"careful forgery before a flip":  {do: func(t *testing.T, l *testLog) { careful(t, l); l.rows[340].Body[40] ^= 1; l.rows[340].Verb = "x" }, index: 340, what: BadColumns},
		"careful forgery, then a column": {do: func(t *testing.T, l *testLog) { careful(t, l); l.rows[340].Verb = "x" }, index: 300, last: 349, what: BadRoot},
		"forged with the key":            {do: func(t *testing.T, l *testLog) { careful(t, l); l.build(t) }, known: true, index: 1000, last: logSize - 1, what: BadRoot},
		"signed with another key": {do: func(t *testing.T, l *testLog) {
			careful(t, l)
			l.signer = testSigner(t, testOrigin(), 9)
			l.build(t)
		}, index: 0, what: BadCheckpoint},
		"flip signature":   {do: func(_ *testing.T, l *testLog) { n := l.notes[6]; n[len(n)-10] ^= 1 }, index: 300, what: BadCheckpoint},
		"flip size":        {do: func(_ *testing.T, l *testLog) { n := l.notes[6]; n[len(testOrigin())+1] ^= 1 }, index: 300, what: BadCheckpoint},
		"empty checkpoint": {do: func(_ *testing.T, l *testLog) { l.notes[6] = nil }, index: 300, what: BadCheckpoint},
		"another's":        {do: func(t *testing.T, l *testLog) { l.trusted, l.notes[6] = twoLogs(t, l) }, index: 300, what: BadCheckpoint},
		"swap checkpoints": {do: func(_ *testing.T, l *testLog) { l.notes[6], l.notes[7] = l.notes[7], l.notes[6] }, index: 400, what: BadCheckpoint},
		"fork": {do: func(t *testing.T, l *testLog) {
			l.notes = slices.Insert(l.notes, 7, sign(t, 350, tlog.Hash{1}, l.signer))
		}, index: 300, last: 349, what: BadRoot},
		"fork, seen first": {do: func(t *testing.T, l *testLog) {
			l.notes = slices.Insert(l.notes, 6, sign(t, 350, tlog.Hash{1}, l.signer))
		}, index: 300, last: 349, what: BadRoot},
		"wrong empty root": {do: func(t *testing.T, l *testLog) {
			l.notes = slices.Insert(l.notes, 0, sign(t, 0, tlog.Hash{1}, l.signer))
		}, index: 0, what: BadRoot},
		"no checkpoints":    {do: func(_ *testing.T, l *testLog) { l.notes = nil }, index: 0, last: logSize - 1, what: BadUnsigned},
		"tail":              {do: func(_ *testing.T, l *testLog) { l.rows = l.rows[:777] }, index: 777, last: logSize - 1, what: BadTail},
		"all rows":          {do: func(_ *testing.T, l *testLog) { l.rows = nil }, index: 0, last: logSize - 1, what: BadTail},
		"tail and notes":    {do: func(_ *testing.T, l *testLog) { l.rows = l.rows[:777]; l.dropNotes(777) }, index: 777, last: logSize - 1, what: BadTail},
		"tail, notes, head": {do: func(t *testing.T, l *testLog) { l.rows = l.rows[:777]; l.build(t) }, known: true, index: 777, last: logSize - 1, what: BadTail},
		"everything":        {do: func(t *testing.T, l *testLog) { l.rows = nil; l.build(t) }, known: true, index: 0, last: logSize - 1, what: BadTail},
		"subtree altered":   {do: func(_ *testing.T, l *testLog) { l.subtrees[[2]uint64{8, 2}] = tlog.Hash{1} }, index: 512, last: 767, what: BadTile},
		"subtree missing":   {do: func(_ *testing.T, l *testLog) { delete(l.subtrees, [2]uint64{8, 2}) }, index: 512, last: 767, what: BadTile},
		"head too small":    {do: func(t *testing.T, l *testLog) { c := l.clone(); c.rows = c.rows[:1020]; c.build(t); l.head = c.head }, index: 1020, last: logSize - 1, what: BadHead},
		"head too great":    {do: func(_ *testing.T, l *testLog) { l.head.Size = logSize + 1 }, index: logSize, what: BadHead},
		"head hash":         {do: func(_ *testing.T, l *testLog) { l.head.Frontier[100] ^= 1 }, index: logSize, what: BadHead},
		"head cut":          {do: func(_ *testing.T, l *testLog) { l.head.Frontier = l.head.Frontier[:40] }, index: logSize, what: BadHead},
		"after the last checkpoint": {do: func(_ *testing.T, l *testLog) {
			l.dropNotes(1000)
			rewrite(&l.rows[1010], func(e *Entry) { e.Verb = "x" })
		}, index: 1000, last: logSize - 1, what: BadHead},
	}
}

// twoLogs returns a trust in two logs and a checkpoint of the other one.
func twoLogs(t *testing.T, l *testLog) (trusted note.Verifiers, msg []byte) {
	t.Helper()
	other := testSigner(t, "wardbook/other", 4)
	return trust(t, l.signer, other), sign(t, 350, tlog.Hash{1}, other)
}

func TestTamper(t *testing.T) {
	t.Parallel()
	good := newTestLog(t, logSize)
	last := good.notes[len(good.notes)-1]
	run := func(name string, tt tamper) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := good.clone()
			tt.do(t, l)
			var known [][]byte
			if tt.known {
				if r := l.verify(t, l.options()); !r.OK() {
					t.Fatalf("found without a known checkpoint (%v): the case shows nothing", r.FirstBad)
				}
				known = [][]byte{last}
			}
			r := l.verify(t, l.options(known...))
			if r.OK() {
				t.Fatal("not found")
			}
			want := Problem{Index: tt.index, Last: max(tt.index, tt.last), What: tt.what}
			got := *r.FirstBad
			got.Detail = ""
			if got != want {
				t.Errorf("got %v, want %v", r.FirstBad, &want)
			}
		})
	}
	for name, tt := range rowTampers() {
		run(name, tt)
	}
	for name, tt := range logTampers() {
		run(name, tt)
	}
}

// TestTamperEveryByte flips every byte of one row's body and blob and hash.
func TestTamperEveryByte(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 8)
	row := &l.rows[3]
	for _, part := range [][]byte{row.Body, row.Sealed, row.Hash[:]} {
		for i := range part {
			part[i] ^= 0x20
			if r := l.verify(t, l.options()); r.OK() || r.FirstBad.Index != 3 {
				t.Errorf("byte %d of %d: %v", i, len(part), r.FirstBad)
			}
			part[i] ^= 0x20
		}
	}
}

func TestUnsignedLimit(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 100)
	l.dropNotes(50)
	for name, tt := range map[string]struct {
		max      uint64
		complete bool
		ok       bool
	}{
		"default": {0, false, true}, "just enough": {50, false, true}, "one less": {49, false, false}, "complete": {0, true, false},
	} {
		opt := l.options()
		opt.MaxUnsigned, opt.Complete = tt.max, tt.complete
		if r := l.verify(t, opt); r.OK() != tt.ok || r.Signed != 50 {
			t.Errorf("%s: %v", name, r.FirstBad)
		}
	}
}

func TestTimeJump(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 100)
	for i, at := range map[int]int64{40: l.rows[39].At - MaxSkew, 60: l.rows[59].At - MaxSkew - 1, 61: l.rows[59].At - MaxSkew - 1} {
		rewrite(&l.rows[i], func(e *Entry) { e.Time = at })
	}
	l.build(t)
	r := l.verify(t, l.options())
	if !r.OK() || r.TimeJumps != 2 || r.FirstTimeJump != 60 {
		t.Errorf("%d jumps, first %d, %v", r.TimeJumps, r.FirstTimeJump, r.FirstBad)
	}
	if r.To != l.rows[99].At || r.From != min(l.rows[0].At, l.rows[40].At, l.rows[60].At, l.rows[61].At) {
		t.Errorf("from %d to %d", r.From, r.To)
	}
}

func TestVerifierRefusesKnown(t *testing.T) {
	t.Parallel()
	l := newTestLog(t, 10)
	_, other := twoLogs(t, l)
	opt := l.options(other)
	if _, err := NewVerifier(opt); !fault.Is(err, fault.Invalid) {
		t.Errorf("signed by an unknown key: %v", err)
	}
	opt.Trusted, _ = twoLogs(t, l)
	if _, err := NewVerifier(opt); !fault.Is(err, fault.Invalid) {
		t.Errorf("of another log: %v", err)
	}
}

func TestVerifierPassesErrors(t *testing.T) {
	t.Parallel()
	l, failed := newTestLog(t, 300), errors.New("disk")
	opt := l.options()
	opt.Checkpoints = func() ([]byte, error) { return nil, failed }
	if _, err := NewVerifier(opt); !errors.Is(err, failed) {
		t.Errorf("checkpoints: %v", err)
	}
	opt.Checkpoints = func() ([]byte, error) { return nil, io.EOF }
	opt.Subtree = func(int, uint64) (h tlog.Hash, ok bool, err error) { return h, false, failed }
	v, err := NewVerifier(opt)
	if err != nil {
		t.Fatal(err)
	}
	for i := range l.rows {
		if err = v.Add(&l.rows[i]); err != nil {
			break
		}
	}
	if _, end := v.Finish(nil); !errors.Is(err, failed) || !errors.Is(end, failed) {
		t.Errorf("subtrees: %v, %v", err, end)
	}
}

func BenchmarkVerifier(b *testing.B) {
	l := newTestLog(b, 2)
	blob := make([]byte, 256)
	e, _ := testEntry(1)
	e.Sealed = sha256.Sum256(blob)
	b.ReportAllocs()
	n := uint64(0)
	v, err := NewVerifier(Options{Origin: testOrigin(), Trusted: l.trusted})
	if err != nil {
		b.Fatal(err)
	}
	row := rowOf(0, &e, blob)
	for b.Loop() {
		row.Seq, row.Hash = n, Leaf(n, row.Body) // the hash here is the price of a row that agrees
		n++
		if err := v.Add(&row); err != nil {
			b.Fatal(err)
		}
	}
	if r, _ := v.Finish(nil); r.FirstBad.What != BadUnsigned {
		b.Fatal(r.FirstBad)
	}
}

// TestProblemsCounted wants each independent problem counted once and no consequence counted again.
func TestProblemsCounted(t *testing.T) {
	t.Parallel()
	good := newTestLog(t, logSize)
	flip := func(l *testLog) { l.rows[20].Body[40] ^= 1 } // a column and the hash
	for name, tt := range map[string]struct {
		do   func(l *testLog)
		want uint64
	}{
		"a body":                            {flip, 2},
		"a body, later a careful forgery":   {func(l *testLog) { flip(l); rewrite(&l.rows[333], func(e *Entry) { e.Verb = "x" }) }, 3},
		"a careful forgery below a subtree": {func(l *testLog) { rewrite(&l.rows[760], func(e *Entry) { e.Verb = "x" }) }, 1},
		"a hash":                            {func(l *testLog) { l.rows[760].Hash[0]++ }, 1},
		"a gap":                             {func(l *testLog) { l.rows = slices.Delete(l.rows, 333, 413) }, 1},
	} {
		l := good.clone()
		tt.do(l)
		if r := l.verify(t, l.options()); r.Problems != tt.want {
			t.Errorf("%s: %d problems, want %d; first %v", name, r.Problems, tt.want, r.FirstBad)
		}
	}
}
