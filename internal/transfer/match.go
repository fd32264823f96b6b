package transfer

import (
	"maps"
	"slices"
	"strings"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/schema"
)

// match finds where each column goes.
func (im *importer) match() error {
	if err := im.checkPlan(); err != nil {
		return err
	}
	byName := guesses(im.info)
	taken := map[string]string{}
	for _, title := range im.table.Columns {
		c := column{title: title, names: map[string]bool{}, unknown: map[string]bool{}}
		name, told := im.plan.Map[title]
		switch {
		case told && name == "-":
			im.columns = append(im.columns, c)
			continue
		case told:
			if c.target, c.told = targetIn(im.info, name); !c.told {
				return fault.InField("--map", "unknown_field", "%s has no field %q that a file can fill", im.plan.Object, name)
			}
		default:
			c.target, _ = targetIn(im.info, guess(byName, title))
		}
		if c.field != nil && taken[c.name] != "" {
			if !c.told && !im.told(taken[c.name]) && plain(taken[c.name]) != plain(title) { // the first column that fits by its name has it
				c.target = target{}
			} else if !c.told {
				return im.twice(taken[c.name], title, c.name)
			} else if im.told(taken[c.name]) {
				return im.twice(taken[c.name], title, c.name)
			} else {
				im.release(taken[c.name])
			}
		}
		if c.field != nil {
			taken[c.name] = title
		}
		im.columns = append(im.columns, c)
	}
	for title := range im.plan.Map {
		if !slices.Contains(im.table.Columns, title) {
			return fault.InField("--map", "unknown_column", "the file has no column %q; it has: %s", title, strings.Join(im.table.Columns, ", "))
		}
	}
	return im.checkColumns()
}

// guessed tells where columns may go by their names alone; the first of two has it.
func guessed(info *door.ObjectInfo, columns []string) map[string]string {
	byName, taken, out := guesses(info), map[string]bool{}, map[string]string{}
	for _, title := range columns {
		if name := guess(byName, title); name != "" && !taken[name] {
			taken[name], out[title] = true, name
		}
	}
	return out
}

// guess finds a target by the name of a column. Of columns that had one name, the first one is meant.
func guess(byName map[string]string, title string) string {
	if name := byName[plain(title)]; name != "" {
		return name
	}
	if base, first := strings.CutSuffix(title, " 1"); first {
		return byName[plain(base)]
	}
	return ""
}

func (im *importer) twice(a, b, field string) error {
	return fault.InField("--map", "twice", "columns %q and %q both go to %s: map one of them elsewhere, or to - to leave it out", a, b, field)
}

func (im *importer) told(title string) bool { _, ok := im.plan.Map[title]; return ok }

// release leaves out a column that was guessed for what the plan gives to another.
func (im *importer) release(title string) {
	for i := range im.columns {
		if im.columns[i].title == title {
			im.columns[i].target = target{}
		}
	}
}

// checkColumns checks that something is filled, and what a new record needs.
func (im *importer) checkColumns() error {
	filled := map[string]bool{}
	for _, c := range im.columns {
		if c.field == nil {
			continue
		}
		filled[c.field.Name] = true
		if c.full {
			filled["first_name"] = true
		}
	}
	if len(filled) == 0 {
		return fault.New(fault.Invalid, "nothing_matches", "no column of the file matches a field of %s: use --map COLUMN=FIELD", im.plan.Object)
	}
	if im.plan.Mode != "create" && !filled[im.plan.Key] {
		return fault.InField("--key", "required", "name the field, filled by a column, by which records are found")
	}
	if im.plan.Mode == "update" {
		return nil
	}
	for i := range im.info.Object.Fields {
		f := &im.info.Object.Fields[i]
		if f.Required && !f.Archived && f.Default == "" && f.Takes == "" && f.Type != schema.Autonumber && !filled[f.Name] {
			return fault.InField(f.Name, "required", "every %s needs this, and no column fills it: name one with --map COLUMN=%s (the file has: %s)", im.plan.Object, f.Name, strings.Join(im.table.Columns, ", "))
		}
	}
	return nil
}

// checkPlan checks the words of a plan.
func (im *importer) checkPlan() error {
	p := &im.plan
	one := func(flag string, value *string, first string, rest ...string) error {
		if *value == "" {
			*value = first
		}
		if *value != first && !slices.Contains(rest, *value) {
			return fault.InField(flag, "unknown_word", "use %s", strings.Join(append([]string{first}, rest...), ", "))
		}
		return nil
	}
	if err := one("--mode", &p.Mode, "create", "update", "upsert"); err != nil {
		return err
	}
	if err := one("--duplicates", &p.Duplicates, "create", "skip", "update"); err != nil {
		return err
	}
	if err := one("--dates", &p.Dates, "auto", "dmy", "mdy"); err != nil {
		return err
	}
	for _, f := range im.info.Fields {
		if p.Mode != "create" && f.Field.Name == p.Key && !f.Filter {
			return fault.InField("--key", "not_filterable", "records cannot be found by %s", p.Key)
		}
	}
	return nil
}

func sortedNames[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
