package found

import (
	"cmp"
	"context"
	"slices"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// story is what happened in the demo company: steps, told in any order and played by their time.
type story struct {
	door    *door.Door
	words   *words
	now     time.Time // in the company's zone
	begun   time.Time
	at      func(time.Time)
	dice    dice
	staff   []Person
	teams   []string
	stages  map[string][]id.ID  // by outcome, in order
	options map[string][]string // keys of picklists, by object.field

	steps     []step
	companies []*thing
	contacts  map[*thing][]*thing // by company
	products  []*thing
}

// thing is a record of the story. It has its identifier when its batch was played.
type thing struct {
	object string
	name   string
	who    int // the person of the staff whose it is
	born   time.Time
	last   time.Time // when it was last written
	id     id.ID
	batch  int
	place  int
}

// step is one write.
type step struct {
	at     time.Time
	who    int
	via    door.Via
	op     string
	thing  *thing
	fields door.Values // *thing and []*thing stand for their identifiers
}

// dice are numbers that look thrown and are the same each time (splitmix64).
type dice struct{ state uint64 }

func (d *dice) roll(n int) int {
	d.state += 0x9e3779b97f4a7c15
	z := d.state
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return int((z ^ z>>31) % uint64(n)) //nolint:gosec // below n
}

// between returns a number from low to high.
func (d *dice) between(low, high int) int { return low + d.roll(high-low+1) }

// day returns a moment of a working day, so many days after another moment. What falls on a weekend is
// done on Monday; half hours only, as people plan.
func (s *story) day(from time.Time, days, hour, halves int) time.Time {
	y, m, d := from.AddDate(0, 0, days).Date()
	t := time.Date(y, m, d, hour, 30*halves, 0, 0, s.now.Location())
	for t.Weekday() == time.Saturday || t.Weekday() == time.Sunday {
		t = t.AddDate(0, 0, 1)
	}
	return t
}

// past reports whether something has happened by now.
func (s *story) past(t time.Time) bool { return t.Before(s.now) }

// choice returns the i-th option of a picklist, round and round.
func (s *story) choice(field string, i int) string {
	list := s.options[field]
	return list[i%len(list)]
}

func (s *story) money(amount int) map[string]any {
	return map[string]any{"amount": number(amount).String(), "currency": s.words.currency}
}

// create tells that somebody made a record; nil where that has not happened yet.
func (s *story) create(at time.Time, who int, object, name string, v door.Values) *thing {
	if !s.past(at) {
		return nil
	}
	t := &thing{object: object, name: name, who: who, born: at, last: at, batch: -1}
	s.steps = append(s.steps, step{at: at, who: who, via: door.ViaCLI, op: "create", thing: t, fields: v})
	return t
}

// change tells that somebody changed a record; false where that has not happened yet.
func (s *story) change(at time.Time, who int, t *thing, v door.Values) bool {
	if t == nil {
		return false
	}
	if !at.After(t.last) {
		at = t.last.Add(time.Minute)
	}
	if !s.past(at) {
		return false
	}
	t.last = at
	s.steps = append(s.steps, step{at: at, who: who, via: door.ViaCLI, op: "update", thing: t, fields: v})
	return true
}

// play carries the steps out in the order of their time. What somebody did on one day is one batch, as
// if done at one sitting.
func (s *story) play(ctx context.Context) error {
	sitting := func(a, b step) int {
		ya, yb := a.at.YearDay()+1000*a.at.Year(), b.at.YearDay()+1000*b.at.Year()
		return cmp.Or(cmp.Compare(ya, yb), cmp.Compare(a.who, b.who), cmp.Compare(a.via, b.via))
	}
	slices.SortStableFunc(s.steps, func(a, b step) int { return cmp.Or(sitting(a, b), a.at.Compare(b.at)) })
	n := 0
	for i := 0; i < len(s.steps); n++ {
		end := i + 1
		for end < len(s.steps) && end-i < door.MaxOperations && sitting(s.steps[i], s.steps[end]) == 0 {
			end++
		}
		if err := s.sit(ctx, n, s.steps[i:end]); err != nil {
			return err
		}
		i = end
	}
	s.at(s.now)
	return nil
}

// sit plays what belongs to one batch.
func (s *story) sit(ctx context.Context, batch int, steps []step) error {
	first := steps[0]
	s.at(s.day(first.at, 0, 9, 0).Add(time.Duration(17*first.who) * time.Minute))
	ops := make([]door.Operation, len(steps))
	for i, st := range steps {
		if st.op == "create" {
			st.thing.batch, st.thing.place = batch, i
		}
		v, err := resolve(st, batch)
		if err != nil {
			return err
		}
		ops[i] = door.Operation{Op: st.op, Object: st.thing.object, ID: st.thing.id, Made: st.thing.place, Fields: v}
		if st.op == "create" {
			ops[i].Made = 0
		}
	}
	out, err := s.door.As(authn.Operator(s.staff[first.who].ID), first.via).Batch(ctx, ops, door.BatchOptions{})
	if err != nil {
		return err
	}
	for i, st := range steps {
		st.thing.id = out.Results[i].ID
	}
	return nil
}

// resolve gives the things in a step's fields their identifiers.
func resolve(st step, batch int) (door.Values, error) {
	v := make(door.Values, len(st.fields))
	for name, x := range st.fields {
		switch x := x.(type) {
		case *thing:
			switch {
			case name == "related_to" && !x.id.IsZero():
				v[name] = door.Parsed{Value: schema.Ref{Object: x.object, ID: x.id}}
			case !x.id.IsZero():
				v[name] = x.id.String()
			case x.batch == batch && name != "related_to":
				v[name] = door.Made{Operation: x.place}
			default:
				return nil, fault.New(fault.Internal, "told_early", "the story speaks of a %s before it is there", x.object)
			}
		case []*thing:
			list := []any{}
			for _, t := range x {
				list = append(list, t.id.String())
			}
			v[name] = list
		default:
			v[name] = x
		}
	}
	return v, nil
}
