package door

import (
	"context"
	"strings"
	"unicode/utf8"

	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/policy"
	"github.com/wardbook/wardbook/internal/schema"
)

// Reveal returns the value of a masked field. It needs a purpose, which is in the journal before the
// value is answered. A secret is never revealed.
func (s *Session) Reveal(ctx context.Context, object string, rid id.ID, field, purpose string) (_ any, err error) {
	defer fault.Op(&err, "door.Reveal(%s)", clip(object))
	if purpose, err = checkPurpose(purpose); err != nil {
		return nil, err
	}
	a, err := s.access(ctx)
	if err != nil {
		return nil, err
	}
	o, err := s.object(ctx, a, object, policy.Reveal)
	if err != nil {
		return nil, err
	}
	f := o.Field(field)
	if f == nil || a.field(o, f) == policy.Hidden {
		return nil, noField(o, clip(field))
	}
	v := s.viewer(ctx, a)
	row, err := s.find(ctx, v, o, rid)
	if err != nil {
		return nil, err
	}
	cond, err := a.condition(o.Name, policy.Reveal)
	if err != nil {
		return nil, err
	}
	may, err := v.holds(cond, o, row)
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, s.denied(ctx, policy.Reveal, o, rid)
	}
	e := s.entry("reveal", o.Name)
	e.Record, e.Version, e.Reason, e.Count = rid, uint64(row.Version), purpose, 1 //nolint:gosec // counts up
	if err := s.durable(ctx, e, f.Name); err != nil {
		return nil, err
	}
	val := row.Values[f.ID]
	if f.Class == schema.Restricted {
		if val, err = s.d.data.OpenCell(ctx, o, row, f); err != nil {
			return nil, err
		}
	}
	return f.JSON(val), nil
}

// MaxPurpose is the length of a purpose in bytes.
const MaxPurpose = 200

// checkPurpose demands a purpose that tells a reader something.
func checkPurpose(purpose string) (string, error) {
	purpose = strings.TrimSpace(purpose)
	switch {
	case utf8.RuneCountInString(purpose) < 3:
		return "", fault.InField("purpose", "required", "say what it is needed for, in a few words")
	case len(purpose) > MaxPurpose || !utf8.ValidString(purpose) || strings.ContainsRune(purpose, 0):
		return "", fault.InField("purpose", "too_long", "at most %d bytes of text", MaxPurpose)
	}
	return purpose, nil
}
