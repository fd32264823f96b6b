package door_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

func label(en string) schema.Text { return schema.Text{En: en, Zh: "标签"} }

func field(name string, typ schema.Type, class schema.Class) schema.Field {
	return schema.Field{Name: name, Type: typ, Class: class, Label: label(name)}
}

func object(name string, fields ...schema.Field) *schema.Object {
	return &schema.Object{Name: name, Label: label(name), Plural: label(name), Title: []string{fields[0].Name}, Fields: fields}
}

func TestDefine(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		d := &defining{w: w, owner: w.As(w.Owner), s: w.As(w.Person(t, "Anna", id.ID{}, "sales_manager"))}
		t.Run("online", d.online)
		t.Run("archived", d.archived)
		t.Run("refusals", d.refusals)
		t.Run("undo", d.undo)
		v := must[*door.Verification](t)(d.owner.Verify(context.Background(), nil, nil))
		if !v.OK() {
			t.Errorf("verify: %v %v", v.FirstBad, v.Altered)
		}
	})
}

type defining struct {
	w     *doortest.World
	owner *door.Session
	s     *door.Session
}

// online adds objects and fields while others write.
func (d *defining) online(t *testing.T) {
	ctx := context.Background()
	company := must[*door.Record](t)(d.s.Create(ctx, "company", door.Values{"name": "Acme"}, ""))
	stop, done := make(chan struct{}), make(chan error, 2)
	for k := range 2 {
		go func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					done <- nil
					return
				default:
				}
				_, err := d.s.Update(ctx, "company", company.ID, 0, door.Values{"city": fmt.Sprint(k, i)})
				if err == nil {
					_, err = d.s.List(ctx, door.Query{Object: "company", Limit: 3})
				}
				if err != nil {
					done <- err
					return
				}
			}
		}()
	}
	o := must[*schema.Object](t)(d.owner.Define(ctx, door.Definition{New: object("machine", field("serial", schema.Short, schema.Internal), field("pin", schema.Short, schema.Restricted))}))
	if !o.Custom || o.ID < 1000 {
		t.Errorf("%+v", o)
	}
	for i := range 4 {
		must[*schema.Object](t)(d.owner.Define(ctx, door.Definition{Object: "company", Add: []schema.Field{field("extra_"+strconv.Itoa(i), schema.Int, schema.Internal)}}))
	}
	must[*schema.Object](t)(d.owner.Define(ctx, door.Definition{Object: "machine", Add: []schema.Field{
		{Name: "at", Type: schema.Lookup, Target: []string{"company"}, Class: schema.Internal, Label: label("At")}, field("owner_note", schema.Longtext, schema.Personal),
	}}))
	close(stop)
	for range 2 {
		if err := <-done; err != nil {
			t.Errorf("while the structure changed: %v", err)
		}
	}
	got := must[*door.Record](t)(d.s.Create(ctx, "machine", door.Values{"serial": "X1", "pin": "123456789", "at": company.ID.String(), "owner_note": "private"}, ""))
	must[*door.Record](t)(d.s.Update(ctx, "company", company.ID, 0, door.Values{"extra_3": num("7")}))
	page := must[*door.Page](t)(d.s.List(ctx, door.Query{Object: "machine", Filter: "at.extra_3 == 7", Sort: []string{"-serial"}, Fields: []string{"serial", "pin", "owner_note"}}))
	if len(page.Records) != 1 || page.Records[0].ID != got.ID || page.Records[0].JSON("owner_note") != "private" || fmt.Sprint(page.Records[0].JSON("pin")) != "1****89" {
		t.Errorf("a record of the new object: %+v", page.Records)
	}
	other := d.w.Open(t) // another node knows it too
	if other.Schema().Object("machine") == nil || other.Schema().Object("company").Field("extra_0") == nil {
		t.Error("a second door does not know what was defined")
	}
}

func (d *defining) archived(t *testing.T) {
	ctx := context.Background()
	must[*schema.Object](t)(d.owner.Define(ctx, door.Definition{New: object("gadget", field("title", schema.Short, schema.Internal), field("colour", schema.Short, schema.Internal))}))
	made := must[*door.Record](t)(d.s.Create(ctx, "gadget", door.Values{"title": "G", "colour": "red"}, ""))
	yes, no := true, false
	must[*schema.Object](t)(d.owner.Define(ctx, door.Definition{Object: "gadget", Change: []door.FieldPatch{{Name: "colour", Archived: &yes}}}))
	_, err := d.s.Update(ctx, "gadget", made.ID, 0, door.Values{"colour": "blue"})
	refused(t, "a write to an archived field", err, fault.Invalid, "colour:unknown_field")
	_, err = d.s.List(ctx, door.Query{Object: "gadget", Filter: "colour == 'red'"})
	refused(t, "a filter by an archived field", err, fault.Invalid, "")
	must[*door.Record](t)(d.s.Update(ctx, "gadget", made.ID, 0, door.Values{"title": "H"}))
	must[*schema.Object](t)(d.owner.Define(ctx, door.Definition{Object: "gadget", Change: []door.FieldPatch{{Name: "colour", Archived: &no}}}))
	if got := get(t, d.s, "gadget", made.ID).JSON("colour"); got != "red" {
		t.Errorf("an archived field lost its value: %v", got)
	}
	must[*schema.Object](t)(d.owner.Define(ctx, door.Definition{Object: "gadget", Archive: &yes}))
	_, err = d.s.Get(ctx, "gadget", made.ID, door.GetOptions{})
	refused(t, "a record of an archived object", err, fault.NotFound, "unknown_object")
	must[*schema.Object](t)(d.owner.Define(ctx, door.Definition{Object: "gadget", Archive: &no}))
	get(t, d.s, "gadget", made.ID)
}

func (d *defining) refusals(t *testing.T) {
	ctx := context.Background()
	plain := func(name string) door.Definition {
		return door.Definition{New: object(name, field("title", schema.Short, schema.Internal))}
	}
	add := func(f schema.Field) door.Definition {
		return door.Definition{Object: "company", Add: []schema.Field{f}}
	}
	yes := true
	var many []schema.Field
	for i := range 600 {
		many = append(many, field("many_"+strconv.Itoa(i), schema.Int, schema.Internal))
	}
	before := stored(t, d.w, "change_set")
	n := size(t, d.w)
	for name, c := range map[string]struct {
		def  door.Definition
		kind fault.Kind
	}{
		"no name":                     {plain(""), fault.Invalid},
		"hostile object":              {plain(`x"; DROP TABLE o21; --`), fault.Invalid},
		"capital letters":             {plain("Machine"), fault.Invalid},
		"letters of another script":   {plain("机器"), fault.Invalid},
		"a reserved word":             {plain("import"), fault.Conflict},
		"a word of the language":      {plain("true"), fault.Invalid},
		"too long a name":             {plain(strings.Repeat("a", 41)), fault.Invalid},
		"taken":                       {plain("company"), fault.Conflict},
		"nothing at all":              {door.Definition{}, fault.Invalid},
		"unknown object":              {door.Definition{Object: "nothing"}, fault.NotFound},
		"the program's own object":    {door.Definition{Object: "user", Add: []schema.Field{field("x", schema.Int, schema.Internal)}}, fault.Forbidden},
		"hiding what comes with it":   {door.Definition{Object: "company", Archive: &yes}, fault.Forbidden},
		"a field that comes with it":  {door.Definition{Object: "company", Change: []door.FieldPatch{{Name: "name", Archived: &yes}}}, fault.Forbidden},
		"an unknown field":            {door.Definition{Object: "company", Change: []door.FieldPatch{{Name: "nothing", Archived: &yes}}}, fault.NotFound},
		"hostile field":               {add(field(`x" INTEGER); DROP TABLE o21; --`, schema.Short, schema.Internal)), fault.Invalid},
		"field twice":                 {add(field("name", schema.Short, schema.Internal)), fault.Invalid},
		"system field again":          {add(field("owner", schema.Short, schema.Internal)), fault.Invalid},
		"unknown type":                {add(field("x", "blob", schema.Internal)), fault.Invalid},
		"no class":                    {add(field("x", schema.Short, "")), fault.Invalid},
		"unknown class":               {add(field("x", schema.Short, "hidden")), fault.Invalid},
		"a secret in the clear":       {add(field("x", schema.SecretType, schema.Internal)), fault.Invalid},
		"a text as secret":            {add(field("x", schema.Short, schema.Secret)), fault.Invalid},
		"a link to nothing":           {add(schema.Field{Name: "x", Type: schema.Lookup, Class: schema.Internal, Label: label("X"), Target: []string{"nothing"}}), fault.Invalid},
		"a link to nowhere":           {add(field("x", schema.Lookup, schema.Internal)), fault.Invalid},
		"no options":                  {add(field("x", schema.Picklist, schema.Internal)), fault.Invalid},
		"a hostile option":            {add(schema.Field{Name: "x", Type: schema.Picklist, Class: schema.Internal, Label: label("X"), Options: []schema.Option{{Key: "a' OR 1=1", Label: label("A")}}}), fault.Invalid},
		"a label in one language":     {add(schema.Field{Name: "x", Type: schema.Int, Class: schema.Internal, Label: schema.Text{En: "X"}}), fault.Invalid},
		"unique and sealed":           {add(schema.Field{Name: "x", Type: schema.Short, Class: schema.Personal, Unique: true, Label: label("X")}), fault.Invalid},
		"broken formula":              {add(schema.Field{Name: "x", Type: schema.Formula, Result: schema.Int, Formula: "employees +", Class: schema.Internal, Label: label("X")}), fault.Invalid},
		"formula of another type":     {add(schema.Field{Name: "x", Type: schema.Formula, Result: schema.Bool, Formula: "employees + 1", Class: schema.Internal, Label: label("X")}), fault.Invalid},
		"formula of a restricted":     {add(schema.Field{Name: "x", Type: schema.Formula, Result: schema.Bool, Formula: "has(tax_account)", Class: schema.Internal, Label: label("X")}), fault.Invalid},
		"formula of a formula":        {add(schema.Field{Name: "x", Type: schema.Formula, Result: schema.Formula, Formula: "1", Class: schema.Internal, Label: label("X")}), fault.Invalid},
		"a default of another type":   {add(schema.Field{Name: "x", Type: schema.Int, Default: "many", Class: schema.Internal, Label: label("X")}), fault.Invalid},
		"a default that is none":      {add(schema.Field{Name: "x", Type: schema.Picklist, Default: "z", Options: []schema.Option{{Key: "a", Label: label("A")}}, Class: schema.Internal, Label: label("X")}), fault.Invalid},
		"a subject that is no person": {door.Definition{New: &schema.Object{Name: "thing", Label: label("T"), Plural: label("T"), Title: []string{"title"}, Subject: "title", Fields: []schema.Field{field("title", schema.Short, schema.Internal)}}}, fault.Invalid},
		"an index on a sealed field":  {door.Definition{New: &schema.Object{Name: "thing", Label: label("T"), Plural: label("T"), Title: []string{"title"}, Indexes: [][]string{{"title"}}, Fields: []schema.Field{field("title", schema.Short, schema.Personal)}}}, fault.Invalid},
		"an empty index":              {door.Definition{New: &schema.Object{Name: "thing", Label: label("T"), Plural: label("T"), Title: []string{"title"}, Indexes: [][]string{{}}, Fields: []schema.Field{field("title", schema.Short, schema.Internal)}}}, fault.Invalid},
		"an index on a formula": {door.Definition{New: &schema.Object{Name: "thing", Label: label("T"), Plural: label("T"), Title: []string{"title"}, Indexes: [][]string{{"twice"}}, Fields: []schema.Field{
			field("title", schema.Int, schema.Internal), {Name: "twice", Type: schema.Formula, Result: schema.Int, Formula: "title * 2", Class: schema.Internal, Label: label("X")},
		}}}, fault.Invalid},
		"a currency that is none": {add(schema.Field{Name: "x", Type: schema.MoneyT, Currency: "Euro", Class: schema.Internal, Label: label("X")}), fault.Invalid},
		"too many fields":         {door.Definition{Object: "company", Add: many}, fault.Invalid},
	} {
		_, err := d.owner.Define(ctx, c.def)
		refused(t, name, err, c.kind, "")
		if d.w.Door.Schema().Object("company").Field("x") != nil || d.w.Door.Schema().Object("thing") != nil {
			t.Fatalf("%s was defined", name)
		}
	}
	if stored(t, d.w, "change_set") != before || size(t, d.w) != n {
		t.Error("a refused definition left a trace")
	}
}

// undo: a change of the structure is undone by another, and says so.
func (d *defining) undo(t *testing.T) {
	ctx := context.Background()
	must[*schema.Object](t)(d.owner.Define(ctx, door.Definition{Object: "company", Add: []schema.Field{field("undone", schema.Int, schema.Internal)}}))
	sets := must[*door.Page](t)(d.owner.List(ctx, door.Query{Object: "change_set", Filter: "kind == 'define'", Limit: 1}))
	_, err := d.owner.Restore(ctx, door.Restoration{ChangeSet: sets.Records[0].ID})
	refused(t, "undoing a definition", err, fault.Invalid, "not_undoable")
}
