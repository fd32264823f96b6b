package found

import (
	"context"
	"time"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// Person is somebody of the demo company.
type Person struct {
	ID    id.ID
	Name  string
	Email string
	Role  string // its name, in the language of the company
}

// DemoYear is how far back the history of the demo company goes.
const DemoYear = 365 * 24 * time.Hour

// DemoCompany is the demo company and its owner, for who founds it.
func DemoCompany(lang string) (company, currency string, owner Owner) {
	w := wordsOf(lang)
	return w.company, w.currency, Owner{Name: w.people[0][0], Email: w.people[0][1], Lang: lang}
}

// Demo gives a new organisation a year of work: an invented company with its people, and what they did
// until now, day by day, each in their own name. It happens through the door like everything else, so
// that history, journal and undo are true; for that, at sets the door's clock, never back, to when
// something happens. The same language and moment give the same company. It returns the people, the
// owner first.
func Demo(ctx context.Context, d *door.Door, owner id.ID, lang string, now time.Time, at func(time.Time)) (_ []Person, err error) {
	defer fault.Op(&err, "found.Demo")
	w := wordsOf(lang)
	zone, err := time.LoadLocation(w.zone)
	if err != nil {
		zone = time.UTC
	}
	s := &story{door: d, words: w, now: now.In(zone), at: at, dice: dice{state: 20_260_301}}
	s.begun = s.now.Add(-DemoYear)
	if err := s.hire(ctx, owner); err != nil {
		return nil, err
	}
	if err := s.know(ctx); err != nil {
		return nil, err
	}
	s.tell()
	return s.staff, s.play(ctx)
}

// The people of the demo company, by their place in words.people.
const (
	boss = iota
	manager
	firstRep
	reps   = 3
	reader = firstRep + reps
)

// teamOf returns the team of somebody of the sales staff.
func teamOf(who int) int { return (who - firstRep) % 2 }

// hire makes the teams and the people beside the owner.
func (s *story) hire(ctx context.Context, owner id.ID) error {
	o := s.door.As(authn.Operator(owner), door.ViaCLI)
	roles, err := o.List(ctx, door.Query{Object: "role", Sort: []string{"id"}, Fields: []string{"name"}})
	if err != nil {
		return err
	}
	if len(roles.Records) != len(Roles()) {
		return fault.New(fault.Conflict, "not_new", "the demo needs an organisation that has just been founded")
	}
	var teams []id.ID
	for _, name := range s.words.teams {
		t, err := o.Create(ctx, "team", door.Values{"name": name}, "")
		if err != nil {
			return err
		}
		teams = append(teams, t.ID)
		s.teams = append(s.teams, t.ID.String())
	}
	locale := "en"
	if s.words.lang == "zh" {
		locale = "zh_cn"
	}
	if _, err := o.Update(ctx, "user", owner, 0, door.Values{"position": s.words.people[boss][2], "timezone": s.words.zone, "main_team": teams[0].String()}); err != nil {
		return err
	}
	s.staff = []Person{{owner, s.words.people[boss][0], s.words.people[boss][1], roles.Records[0].Text("name")}}
	for i, p := range s.words.people[1:] {
		i++ // the owner is there
		role, team := roles.Records[1], teams[0]
		switch {
		case i >= reader:
			role = roles.Records[3]
		case i >= firstRep:
			role, team = roles.Records[2], teams[teamOf(i)]
		}
		made, err := o.Create(ctx, "user", door.Values{
			"name": p[0], "email": p[1], "position": p[2], "locale": locale, "timezone": s.words.zone, "roles": []any{role.ID.String()}, "main_team": team.String(),
		}, "")
		if err != nil {
			return err
		}
		s.staff = append(s.staff, Person{made.ID, p[0], p[1], role.Text("name")})
	}
	return nil
}

// know finds out what the organisation was founded with: stages, and what can be chosen where.
func (s *story) know(ctx context.Context) error {
	m := s.door.As(authn.Operator(s.staff[manager].ID), door.ViaCLI)
	stages, err := m.List(ctx, door.Query{Object: "stage", Sort: []string{"position"}, Fields: []string{"outcome"}})
	if err != nil {
		return err
	}
	s.stages = map[string][]id.ID{}
	for _, r := range stages.Records {
		s.stages[r.Text("outcome")] = append(s.stages[r.Text("outcome")], r.ID)
	}
	list, err := m.Objects(ctx)
	if err != nil {
		return err
	}
	s.options = map[string][]string{}
	for _, o := range list {
		for _, f := range o.Fields {
			for _, opt := range f.Field.Options {
				key := o.Object.Name + "." + f.Field.Name
				s.options[key] = append(s.options[key], opt.Key)
			}
		}
	}
	return nil
}
