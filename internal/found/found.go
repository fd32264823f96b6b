// Package found gives a new organisation what it begins with: roles, its owner and a sales process.
// It works through the door like everybody else, as an actor that may create these and nothing else.
package found

import (
	"context"
	"encoding/json"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// Owner is the first person of an organisation.
type Owner struct {
	Name  string
	Email string
	Lang  string // en or zh
}

// Founded is what was made.
type Founded struct {
	Owner id.ID
	Roles map[string]id.ID // by the key of RoleSeed
}

// Organisation makes the roles, the owner and the sales process of an organisation that has nothing
// yet. The owner holds two roles that are granted by name like anybody's: administering the system
// gives no right to customers' data, being sales manager does.
func Organisation(ctx context.Context, d *door.Door, owner Owner) (_ *Founded, err error) {
	defer fault.Op(&err, "found.Organisation")
	s := d.As(authn.Founder(), door.ViaCLI)
	out := &Founded{Roles: map[string]id.ID{}}
	for _, r := range Roles() {
		name, about := r.Name, r.About
		if owner.Lang == "zh" {
			name, about = r.NameZh, r.AboutZh
		}
		grants, err := r.grants()
		if err != nil {
			return nil, err
		}
		made, err := s.Create(ctx, "role", door.Values{"name": name, "description": about, "grants": door.Parsed{Value: grants}, "builtin": true}, "")
		if err != nil {
			return nil, err
		}
		out.Roles[r.Key] = made.ID
	}
	locale := "en"
	if owner.Lang == "zh" {
		locale = "zh_cn"
	}
	made, err := s.Create(ctx, "user", door.Values{
		"name": owner.Name, "email": owner.Email, "locale": locale,
		"roles": []any{out.Roles["owner"].String(), out.Roles["sales_manager"].String()},
	}, "")
	if err != nil {
		return nil, err
	}
	out.Owner = made.ID
	return out, process(ctx, s, owner.Lang)
}

func process(ctx context.Context, s *door.Session, lang string) error {
	pipeline, err := s.Create(ctx, "pipeline", door.Values{"name": PipelineName(lang), "position": json.Number("1")}, "")
	if err != nil {
		return err
	}
	for i, st := range Stages() {
		_, err := s.Create(ctx, "stage", door.Values{
			"name": st.Name, "name_zh": st.NameZh, "pipeline": pipeline.ID.String(), "position": door.Parsed{Value: int64(i + 1)},
			"probability": json.Number(st.Probability), "outcome": st.Outcome,
		}, "")
		if err != nil {
			return err
		}
	}
	return nil
}
