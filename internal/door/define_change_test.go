package door_test

import (
	"context"
	"encoding/json"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
	"github.com/wardbook/wardbook/internal/sqldb"
)

func ptr[T any](v T) *T { return &v }

func options(keys ...string) []schema.Option {
	var list []schema.Option
	for _, k := range keys {
		list = append(list, schema.Option{Key: k, Label: label(k)})
	}
	return list
}

// changing is an organisation with an object of its own, whose definition is changed.
type changing struct {
	w     *doortest.World
	owner *door.Session
	s     *door.Session
	anna  id.ID
	made  []id.ID
}

func (c *changing) define(t *testing.T, def door.Definition) *schema.Object {
	t.Helper()
	return must[*schema.Object](t)(c.owner.Define(context.Background(), def))
}

func (c *changing) patch(p door.FieldPatch) error {
	_, err := c.owner.Define(context.Background(), door.Definition{Object: "machine", Change: []door.FieldPatch{p}})
	return err
}

func TestChangeDefinition(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		c := &changing{w: w, owner: w.As(w.Owner), anna: w.Person(t, "Anna", id.ID{}, "sales_manager")}
		c.s = w.As(c.anna)
		kind := schema.Field{Name: "kind", Type: schema.Picklist, Class: schema.Internal, Label: label("Kind"), Options: options("lathe", "press", "saw")}
		tags := schema.Field{Name: "tags", Type: schema.Multipick, Class: schema.Personal, Label: label("Tags"), Options: options("old", "new", "loud")}
		c.define(t, door.Definition{New: object("machine", field("serial", schema.Short, schema.Internal), field("keeper", schema.Short, schema.Personal), field("pin", schema.Short, schema.Restricted), kind, tags)})
		for _, v := range []door.Values{
			{"serial": "A1", "kind": "lathe", "keeper": "Li", "pin": "123456", "tags": []any{"old", "loud"}}, {"serial": "a1", "kind": "press"}, {"serial": "B2"},
		} {
			c.made = append(c.made, must[*door.Record](t)(c.s.Create(context.Background(), "machine", v, "")).ID)
		}
		t.Run("required", c.required)
		t.Run("unique", c.unique)
		t.Run("options", c.options)
		t.Run("rename a field", c.renameField)
		t.Run("rename an object", c.renameObject)
		t.Run("what comes with the program", c.builtin)
		if v := must[*door.Verification](t)(c.owner.Verify(context.Background(), nil, nil)); !v.OK() {
			t.Errorf("verify: %v %v", v.FirstBad, v.Altered)
		}
	})
}

func (c *changing) required(t *testing.T) {
	ctx := context.Background()
	for name, missing := range map[string]string{"kind": "1 of", "keeper": "2 of", "pin": "2 of"} {
		err := c.patch(door.FieldPatch{Name: name, Required: ptr(true)})
		refused(t, name, err, fault.Conflict, name+":values_missing")
		if !strings.Contains(fault.FieldsOf(err)[0].Message, missing) {
			t.Errorf("%s: %v", name, fault.FieldsOf(err))
		}
	}
	f := field("plate", schema.Short, schema.Internal)
	f.Required = true
	_, err := c.owner.Define(ctx, door.Definition{Object: "machine", Add: []schema.Field{f}})
	refused(t, "a new required field", err, fault.Conflict, "plate:values_missing")
	must[*door.Record](t)(c.s.Update(ctx, "machine", c.made[2], 0, door.Values{"kind": "saw"}))
	if err := c.patch(door.FieldPatch{Name: "kind", Required: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	_, err = c.s.Create(ctx, "machine", door.Values{"serial": "C3"}, "")
	refused(t, "a record without it", err, fault.Invalid, "kind:required")
	if err := c.patch(door.FieldPatch{Name: "kind", Required: ptr(false), Default: ptr("press"), Help: ptr(label("Help"))}); err != nil {
		t.Fatal(err)
	}
	made := must[*door.Record](t)(c.s.Create(ctx, "machine", door.Values{"serial": "C3"}, ""))
	if made.JSON("kind") != "press" {
		t.Errorf("the new default: %v", made.JSON("kind"))
	}
	if err := c.s.Delete(ctx, "machine", made.ID, 0); err != nil {
		t.Fatal(err)
	}
}

func (c *changing) unique(t *testing.T) {
	ctx := context.Background()
	err := c.patch(door.FieldPatch{Name: "serial", Unique: ptr(true)})
	refused(t, "unique", err, fault.Conflict, "serial:duplicates")
	for _, rid := range c.made[:2] {
		if !strings.Contains(fault.FieldsOf(err)[0].Message, rid.String()) {
			t.Errorf("the duplicates are not named: %v", fault.FieldsOf(err))
		}
	}
	must[*door.Record](t)(c.s.Update(ctx, "machine", c.made[1], 0, door.Values{"serial": "A2", "kind": "saw"}))
	for range 2 { // the index goes and comes
		if err := c.patch(door.FieldPatch{Name: "serial", Unique: ptr(true)}); err != nil {
			t.Fatal(err)
		}
		_, err = c.s.Create(ctx, "machine", door.Values{"serial": "a1"}, "")
		refused(t, "the same again", err, fault.Conflict, "serial:taken")
		if err := c.patch(door.FieldPatch{Name: "serial", Unique: ptr(false)}); err != nil {
			t.Fatal(err)
		}
		made := must[*door.Record](t)(c.s.Create(ctx, "machine", door.Values{"serial": "a1"}, ""))
		if err := c.s.Delete(ctx, "machine", made.ID, 0); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, "a sealed field", c.patch(door.FieldPatch{Name: "keeper", Unique: ptr(true)}), fault.Invalid, "")
}

func (c *changing) options(t *testing.T) {
	ctx := context.Background()
	// A record in the bin has press, and a living one lathe.
	refused(t, "an option in use", c.patch(door.FieldPatch{Name: "kind", Options: options("press", "saw")}), fault.Conflict, "kind:option_in_use")
	if err := c.patch(door.FieldPatch{Name: "kind", Default: ptr("")}); err != nil {
		t.Fatal(err)
	}
	refused(t, "an option in use in the bin", c.patch(door.FieldPatch{Name: "kind", Options: options("lathe", "saw")}), fault.Conflict, "kind:option_in_use")
	refused(t, "an encrypted option in use", c.patch(door.FieldPatch{Name: "tags", Options: options("old", "new")}), fault.Conflict, "tags:option_in_use")
	if err := c.patch(door.FieldPatch{Name: "tags", Options: options("loud", "old")}); err != nil {
		t.Errorf("removing what nobody has: %v", err)
	}
	next := append(options("drill"), options("saw", "lathe", "press")...)
	next[2].Archived, next[0].Color = true, "red"
	if err := c.patch(door.FieldPatch{Name: "kind", Options: next}); err != nil {
		t.Fatal(err)
	}
	_, err := c.s.Update(ctx, "machine", c.made[2], 0, door.Values{"kind": "lathe"})
	refused(t, "an archived option", err, fault.Invalid, "kind:archived_option")
	must[*door.Record](t)(c.s.Update(ctx, "machine", c.made[0], 0, door.Values{"kind": "lathe", "keeper": "Wu"})) // it has it already
	refused(t, "an archived default", c.patch(door.FieldPatch{Name: "kind", Default: ptr("lathe")}), fault.Invalid, "kind:bad_default")
	got := c.w.Door.Schema().Object("machine").Field("kind").Options
	if got[0].Key != "drill" || got[0].Color != "red" || got[1].Key != "saw" {
		t.Errorf("options: %v", got)
	}
}

func (c *changing) renameField(t *testing.T) {
	ctx := context.Background()
	twice := schema.Field{Name: "marked", Type: schema.Formula, Result: schema.Bool, Formula: "has(serial) && has(kind)", Class: schema.Internal, Label: label("Marked")}
	c.define(t, door.Definition{Object: "machine", Add: []schema.Field{twice}})
	view := c.w.Make(t, "view", door.Values{"name": "Saws", "for_object": "machine", "filter": "serial == 'A1'", "sort": "-serial"})
	masks := json.RawMessage(`[{"object":"machine","field":"serial","access":"read"}]`)
	role := c.w.Make(t, "role", door.Values{"name": "Fitter", "grants": door.Parsed{Value: json.RawMessage(`[]`)}, "masks": door.Parsed{Value: masks}})
	to := door.FieldPatch{Name: "serial", Rename: ptr("number")}
	err := c.patch(to)
	refused(t, "a name in use", err, fault.Conflict, "name_in_use")
	for _, place := range []string{"machine.marked", `the view "Saws"`, `the role "Fitter"`} {
		if !strings.Contains(fault.Message(err), place) {
			t.Errorf("%s is not named: %s", place, fault.Message(err))
		}
	}
	refused(t, "hiding what a formula reads", c.patch(door.FieldPatch{Name: "kind", Archived: ptr(true)}), fault.Conflict, "name_in_use")
	for object, rid := range map[string]id.ID{"view": view, "role": role} {
		if err := c.owner.Delete(ctx, object, rid, 0); err != nil {
			t.Fatal(err)
		}
	}
	refused(t, "a formula in between", c.patch(to), fault.Conflict, "name_in_use")
	if err := c.patch(door.FieldPatch{Name: "marked", Archived: ptr(true)}); err != nil {
		t.Fatal(err)
	}
	if err := c.patch(door.FieldPatch{Name: "marked", Formula: ptr("has(kind)")}); err != nil {
		t.Fatal(err)
	}
	if err := c.patch(to); err != nil {
		t.Fatal(err)
	}
	page := must[*door.Page](t)(c.s.List(ctx, door.Query{Object: "machine", Filter: "number == 'a1'"}))
	if len(page.Records) != 1 || page.Records[0].JSON("number") != "A1" || c.w.Door.Schema().Object("machine").Title[0] != "number" {
		t.Errorf("by its new name: %v", page.Records)
	}
	if v := get(t, c.w.Open(t).As(authn.Operator(c.anna), door.ViaAPI), "machine", c.made[0]).JSON("number"); v != "A1" {
		t.Errorf("another node reads %v", v)
	}
}

func (c *changing) renameObject(t *testing.T) {
	ctx := context.Background()
	c.define(t, door.Definition{Object: "company", Add: []schema.Field{{Name: "first_machine", Type: schema.Lookup, Target: []string{"machine"}, Class: schema.Internal, Label: label("First")}}})
	rename := func(from, to string) error {
		_, err := c.owner.Define(ctx, door.Definition{Object: from, Rename: &to})
		return err
	}
	refused(t, "a name that is taken", rename("machine", "deal"), fault.Conflict, "name:taken")
	refused(t, "a hostile name", rename("machine", "x; DROP TABLE o21"), fault.Invalid, "")
	refused(t, "what comes with the program", rename("company", "firm"), fault.Forbidden, "builtin_object")
	if err := rename("machine", "device"); err != nil {
		t.Fatal(err)
	}
	_, err := c.owner.Define(ctx, door.Definition{New: object("machine", field("title", schema.Short, schema.Internal))})
	refused(t, "a name that was taken", err, fault.Conflict, "name:taken")
	set := lastSet(t, c.s, "device", c.made[0])
	must[*door.Restored](t)(c.w.As(c.w.Person(t, "Una", id.ID{}, "sales_manager", "owner")).Restore(ctx, door.Restoration{ChangeSet: set}))
	if got := get(t, c.s, "device", c.made[0]).JSON("keeper"); got != "Li" {
		t.Errorf("undoing what happened under the old name: %v", got)
	}
	page := must[*door.Page](t)(c.s.List(ctx, door.Query{Object: "device", Filter: "keeper == 'li'"}))
	if len(page.Records) != 1 {
		t.Errorf("found under the new name: %d", len(page.Records))
	}
	company := c.w.Make(t, "company", door.Values{"name": "Acme", "first_machine": c.made[0].String()})
	if got := must[*door.Record](t)(c.s.Get(ctx, "company", company, door.GetOptions{Fields: []string{"first_machine.number"}})).JSON("first_machine.number"); got != "A1" {
		t.Errorf("through a lookup: %v", got)
	}
	if err := rename("device", "machine"); err != nil {
		t.Errorf("back to the first name: %v", err)
	}
}

func (c *changing) builtin(t *testing.T) {
	change := func(p door.FieldPatch) error {
		_, err := c.owner.Define(context.Background(), door.Definition{Object: "company", Change: []door.FieldPatch{p}})
		return err
	}
	for name, p := range map[string]door.FieldPatch{
		"hidden": {Name: "city", Archived: ptr(true)}, "renamed": {Name: "city", Rename: ptr("town")}, "not required": {Name: "name", Required: ptr(false)},
		"longer": {Name: "city", Max: ptr(3)}, "unique": {Name: "city", Unique: ptr(true)},
	} {
		refused(t, name, change(p), fault.Forbidden, "builtin_field")
	}
	industry := c.w.Door.Schema().Object("company").Field("industry")
	refused(t, "without an option", change(door.FieldPatch{Name: "industry", Options: options("mine")}), fault.Invalid, "industry:builtin_option")
	next := append(options("mine"), industry.Options...)
	next[1].Label = label("Relabelled")
	if err := change(door.FieldPatch{Name: "industry", Label: ptr(label("Trade")), Options: next}); err != nil {
		t.Fatal(err)
	}
	refused(t, "required of what lacks it", change(door.FieldPatch{Name: "website", Required: ptr(true)}), fault.Conflict, "website:values_missing")
	must[*schema.Object](t)(c.owner.Define(context.Background(), door.Definition{Object: "company", Label: ptr(label("Firm"))}))
	for what, sch := range map[string]*schema.Schema{"at once": c.w.Door.Schema(), "after a restart": c.w.Open(t).Schema()} {
		o := sch.Object("company")
		f := o.Field("industry")
		if o.Label.En != "Firm" || f.Label.En != "Trade" || f.Options[0].Key != "mine" || f.Options[1].Label.En != "Relabelled" || len(f.Options) != len(industry.Options)+1 {
			t.Errorf("%s: %s %+v", what, o.Label.En, f)
		}
	}
}

func TestDryDefinition(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		owner := w.As(w.Owner)
		must[*schema.Object](t)(owner.Define(ctx, door.Definition{New: object("machine", field("serial", schema.Short, schema.Internal), field("runtime", schema.Int, schema.Internal))}))
		must[*door.Record](t)(w.As(w.Person(t, "Anna", id.ID{}, "sales_manager")).Create(ctx, "machine", door.Values{"serial": "A1"}, ""))
		add := field("spent", schema.Formula, schema.Internal)
		add.Formula = "runtime > 10 ? 'worn' : 'fresh'"
		o := must[*schema.Object](t)(owner.Define(ctx, door.Definition{Object: "machine", Add: []schema.Field{add}, Dry: true}))
		if f := o.Field("spent"); f == nil || f.Result != schema.Short {
			t.Errorf("a formula of text: %+v", f)
		}
		add.Formula = "runtime * 'x'"
		_, err := owner.Define(ctx, door.Definition{Object: "machine", Add: []schema.Field{add}, Dry: true})
		if list := fault.FieldsOf(err); len(list) != 1 || list[0].Name != "spent" || !strings.Contains(list[0].Message, "line 1, character") {
			t.Errorf("a broken formula: %v %v", err, list)
		}
		_, err = owner.Define(ctx, door.Definition{Object: "machine", Change: []door.FieldPatch{{Name: "runtime", Required: ptr(true)}}, Dry: true})
		refused(t, "required", err, fault.Conflict, "runtime:values_missing")
		must[*schema.Object](t)(owner.Define(ctx, door.Definition{Object: "machine", Change: []door.FieldPatch{{Name: "serial", Class: ptr(schema.Personal)}}, Dry: true}))
		for _, x := range must[[]door.Defined](t)(owner.Definitions(ctx)) {
			if x.Object.Name == "machine" && (x.Object.Field("spent") != nil || x.Object.Field("serial").Class != schema.Internal || x.Sealing || !x.Own["serial"] || x.Own["owner"]) {
				t.Errorf("a dry run changed something, or what is own is not known: %+v", x)
			}
		}
		must[*schema.Object](t)(owner.Define(ctx, door.Definition{Object: "machine", Change: []door.FieldPatch{{Name: "runtime", Archived: ptr(true)}}}))
		for _, x := range must[[]door.Defined](t)(owner.Definitions(ctx)) {
			if x.Object.System {
				t.Errorf("%s is the program's own", x.Object.Name)
			}
			if x.Object.Name == "machine" && !x.Own["runtime"] {
				t.Error("a hidden field is not told")
			}
		}
		_, err = w.As(w.Person(t, "Bert", id.ID{}, "sales_manager")).Definitions(ctx)
		refused(t, "the structure, for who may not change it", err, fault.Forbidden, "")
	})
}

// A definition holds at once, also while the node is reading what was defined before.
func TestDefinitionsOutlastReading(t *testing.T) {
	t.Parallel()
	ctx, w := context.Background(), doortest.New(t, sqldb.SQLite)
	owner := w.As(w.Owner)
	must[*schema.Object](t)(owner.Define(ctx, door.Definition{New: object("gadget", field("title", schema.Short, schema.Internal))}))
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				if err := w.Door.Reload(ctx); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	for i := range 60 {
		name := "f" + strconv.Itoa(i)
		must[*schema.Object](t)(owner.Define(ctx, door.Definition{Object: "gadget", Add: []schema.Field{field(name, schema.Short, schema.Internal)}}))
		if w.Door.Schema().Object("gadget").Field(name) == nil {
			t.Errorf("%s was defined, and is not there", name)
		}
	}
	close(done)
	readers.Wait()
}
