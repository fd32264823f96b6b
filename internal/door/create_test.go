package door_test

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
	"github.com/wardbook/wardbook/internal/schema"
)

// sample is an object with a field of every type.
func sample() schema.Object {
	fs := []schema.Field{
		schema.F(100, "name", schema.Short, "Name", "名称", schema.Needed, schema.Up(30)),
		schema.F(101, "code", schema.Short, "Code", "编码", schema.Once),
		schema.F(102, "long", schema.Longtext, "Long", "长文本"),
		schema.F(103, "rich", schema.Richtext, "Rich", "富文本"),
		schema.F(104, "whole", schema.Int, "Whole", "整数"),
		schema.F(105, "exact", schema.DecimalT, "Exact", "小数"),
		schema.F(106, "price", schema.MoneyT, "Price", "价格"),
		schema.F(107, "share", schema.Percent, "Share", "占比"),
		schema.F(108, "yes", schema.Bool, "Yes", "是否"),
		schema.F(109, "day", schema.DateT, "Day", "日期"),
		schema.F(110, "moment", schema.Datetime, "Moment", "时刻"),
		schema.F(111, "span", schema.Duration, "Span", "时长"),
		schema.F(112, "mail", schema.Email, "Mail", "邮箱"),
		schema.F(113, "tel", schema.Phone, "Tel", "电话"),
		schema.F(114, "site", schema.URL, "Site", "网址"),
		schema.F(115, "place", schema.AddressT, "Place", "地址"),
		schema.F(116, "pick", schema.Picklist, "Pick", "单选", schema.One("a", "A", "甲", "b", "B", "乙"), schema.From("a")),
		schema.F(117, "picks", schema.Multipick, "Picks", "多选", schema.One("a", "A", "甲", "b", "B", "乙")),
		schema.F(118, "number", schema.Autonumber, "Number", "编号", func(f *schema.Field) { f.Pattern = "S-{0000}" }),
		schema.F(119, "twice", schema.Formula, "Twice", "两倍", func(f *schema.Field) { f.Formula, f.Result = "whole * 2", schema.Int }),
		schema.F(120, "link", schema.Lookup, "Link", "关联", schema.To("company")),
		schema.F(121, "links", schema.Lookups, "Links", "多关联", schema.To("company")),
		schema.F(122, "any", schema.Any, "Any", "任意", schema.To("company", "contact")),
		schema.F(123, "person", schema.User, "Person", "人员"),
		schema.F(124, "group", schema.Team, "Group", "小组"),
		schema.F(125, "data", schema.JSON, "Data", "数据"),
		schema.F(126, "spot", schema.GeoT, "Spot", "位置"),
		schema.F(127, "key", schema.SecretType, "Key", "密钥", func(f *schema.Field) { f.Class = schema.Secret }),
		schema.F(128, "private", schema.Short, "Private", "私人", schema.OfPerson),
		schema.F(129, "bank", schema.Short, "Bank", "银行", schema.Guarded),
		schema.F(130, "kept", schema.Short, "Kept", "只读", schema.Kept),
		schema.F(131, "patient", schema.Lookup, "Patient", "患者", schema.To("contact"), schema.OfPerson),
	}
	return schema.Object{ID: 900, Name: "sample", Label: schema.Text{En: "Sample", Zh: "样本"}, Plural: schema.Text{En: "Samples", Zh: "样本"}, Title: []string{"name"}, Fields: fs}
}

// num is a number as a request gives it.
func num(s string) json.Number { return json.Number(s) }

func TestCreate(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		anna := w.Person(t, "Anna", id.ID{}, "sales_manager")
		x := &creating{w: w, s: w.As(anna), me: anna, company: must[*door.Record](t)(w.As(anna).Create(context.Background(), "company", door.Values{"name": "Acme"}, "")).ID}
		t.Run("values", x.values)
		t.Run("refusals", x.refusals)
		t.Run("unique", x.unique)
		t.Run("defaults", x.defaults)
		t.Run("links", x.links)
		t.Run("repeated", x.repeated)
	}, sample())
}

type creating struct {
	w           *doortest.World
	s           *door.Session
	me, company id.ID
}

func (x *creating) make(v door.Values) (*door.Record, error) {
	return x.s.Create(context.Background(), "sample", v, "")
}

// values gives every type a value and reads it back, from the answer and from the database.
func (x *creating) values(t *testing.T) {
	team := x.w.Make(t, "team", door.Values{"name": "North"})
	company := x.company.String()
	given := door.Values{
		"name": "N", "code": "C-1", "long": "a\nb", "rich": "**b**", "whole": num("21"), "exact": num("1.25"), "price": map[string]any{"amount": "9.90", "currency": "EUR"},
		"share": num("12.5"), "yes": true, "day": "2026-02-28", "moment": "2026-03-01T10:00:00Z", "span": num("90"), "mail": "a@example.com", "tel": "+49 30 1", "site": "https://example.com/",
		"place": map[string]any{"city": "Bonn"}, "pick": "b", "picks": []any{"a", "b"}, "link": company, "links": []any{company}, "any": map[string]any{"object": "company", "id": company},
		"person": x.me.String(), "group": team.String(), "data": map[string]any{"k": []any{num("1")}}, "spot": map[string]any{"lat": num("50.5"), "lon": num("7.25")}, "key": "s3cret", "private": "P", "bank": "DE89370400440532013000",
	}
	made, err := x.make(given)
	if err != nil {
		t.Fatal(err)
	}
	again := get(t, x.s, "sample", made.ID)
	if shown(again) != shown(made) {
		t.Errorf("answered\n%s\nstored\n%s", shown(made), shown(again))
	}
	for _, f := range []string{"name", "code", "long", "rich", "whole", "yes", "day", "span", "mail", "site", "pick", "link", "person", "group", "private"} {
		if got := fmt.Sprint(again.JSON(f)); got != fmt.Sprint(given[f]) {
			t.Errorf("%s: %s, want %v", f, got, given[f])
		}
	}
	for f, want := range map[string]string{"twice": "42", "number": "S-0001", "exact": "1.25", "picks": "[a b]", "bank": "DE8****3000", "links": "[" + company + "]"} {
		if got := fmt.Sprint(again.JSON(f)); got != want {
			t.Errorf("%s: %s, want %s", f, got, want)
		}
	}
	for _, f := range []string{"key", "deleted_at"} {
		if again.JSON(f) != nil {
			t.Errorf("%s is shown", f)
		}
	}
	for _, o := range x.w.Door.Schema().Object("sample").Fields {
		if !o.System && again.JSON(o.Name) == nil && o.Name != "key" && o.Name != "kept" && o.Name != "patient" {
			t.Errorf("%s was given and is absent", o.Name)
		}
	}
	if again.JSON("created_by") != x.me.String() || again.JSON("owner") != x.me.String() || again.JSON("source") != "api" || again.Version != 1 {
		t.Errorf("system fields: %s", shown(again))
	}
}

func (x *creating) refusals(t *testing.T) {
	for _, c := range []struct {
		name, field string
		v           any
		reason      string
	}{
		{"unknown field", "nothing", "x", "nothing:unknown_field"},
		{"hostile name", "name\"; DROP TABLE o900; --", "x", "unknown_field"},
		{"long name", strings.Repeat("x", 5000), "x", "unknown_field"},
		{"text for a number", "whole", "many", "whole:not_a_number"},
		{"fraction for a whole number", "whole", num("1.5"), "whole:not_a_number"},
		{"too great", "whole", num("92233720368547758079"), "whole:not_a_number"},
		{"too exact", "exact", num("1.23456"), "exact:not_a_number"},
		{"number for a text", "name", num("5"), "name:not_text"},
		{"list for a text", "name", []any{"x"}, "name:not_text"},
		{"object for a bool", "yes", map[string]any{}, "yes:not_a_bool"},
		{"no such day", "day", "2026-02-30", "day:not_a_date"},
		{"no moment", "moment", "yesterday", "moment:not_a_time"},
		{"no money", "price", "12", "price:not_money"},
		{"no currency", "price", map[string]any{"amount": "1", "currency": "euro"}, "price:not_money"},
		{"no option", "pick", "z", "pick:unknown_option"},
		{"no option of many", "picks", []any{"a", "z"}, "picks:unknown_option"},
		{"no e-mail", "mail", "a@", "mail:not_an_email"},
		{"no phone", "tel", "call me", "tel:not_a_phone"},
		{"script as address", "site", "javascript:alert(1)", "site:not_a_url"},
		{"too long", "name", strings.Repeat("x", 31), "name:too_long"},
		{"control character", "name", "a\x00b", "name:control_character"},
		{"broken text", "name", "a\xff", "name:not_text"},
		{"no link", "link", "company-1", "link:not_an_id"},
		{"link of another kind", "any", map[string]any{"object": "deal", "id": id.ID{1}.String()}, "any:not_a_reference"},
		{"computed", "twice", num("4"), "twice:read_only"},
		{"counted", "number", "S-9", "number:read_only"},
		{"kept by the program", "kept", "x", "kept:read_only"},
		{"system field", "created_at", "2026-01-01T00:00:00Z", "created_at:read_only"},
		{"deleted from the start", "deleted_at", "2026-01-01T00:00:00Z", "deleted_at:read_only"},
		{"masked form", "bank", "DE8****3000", "bank:masked"},
		{"required", "name", nil, "name:required"},
		{"blank required", "name", "  ", "name:required"},
		{"made by no operation", "link", door.Made{Operation: 3}, "link:not_made"},
	} {
		v := door.Values{"name": "N"}
		v[c.field] = c.v
		_, err := x.make(v)
		refused(t, c.name, err, fault.Invalid, c.reason)
	}
	_, err := x.make(door.Values{"whole": "x", "day": "y", "nothing": "z"})
	if got := len(fault.FieldsOf(err)); got != 3 {
		t.Errorf("all that is wrong is told at once: %d, want 3", got)
	}
	_, err = x.s.Create(context.Background(), "no_such", door.Values{}, "")
	refused(t, "unknown object", err, fault.NotFound, "unknown_object")
	_, err = x.s.Create(context.Background(), "change_set", door.Values{}, "")
	if err == nil {
		t.Error("a person wrote a change set")
	}
}

// unique values are compared without regard to case, and only with living records.
func (x *creating) unique(t *testing.T) {
	ctx := context.Background()
	first, err := x.make(door.Values{"name": "N", "code": "Unique"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = x.make(door.Values{"name": "N", "code": "UNIQUE"})
	refused(t, "taken", err, fault.Conflict, "code:taken")
	if err := x.s.Delete(ctx, "sample", first.ID, 0); err != nil {
		t.Fatal(err)
	}
	second, err := x.make(door.Values{"name": "N", "code": "unique"})
	if err != nil {
		t.Errorf("what only a deleted record has is free: %v", err)
	}
	_, err = x.s.Restore(ctx, door.Restoration{Object: "sample", ID: first.ID})
	refused(t, "restored beside the new one", err, fault.Conflict, "code:taken")
	must[*door.Record](t)(x.s.Update(ctx, "sample", second.ID, 0, door.Values{"code": "other"}))
	must[*door.Restored](t)(x.s.Restore(ctx, door.Restoration{Object: "sample", ID: first.ID}))
	var wg sync.WaitGroup
	made := make(chan bool, 8)
	for range 8 {
		wg.Go(func() {
			_, err := x.make(door.Values{"name": "N", "code": "race"})
			if err != nil && !fault.Is(err, fault.Conflict) {
				t.Errorf("a race for a unique value: %v", err)
			}
			made <- err == nil
		})
	}
	wg.Wait()
	close(made)
	n := 0
	for ok := range made {
		if ok {
			n++
		}
	}
	if n != 1 {
		t.Errorf("%d records won a race for one value", n)
	}
}

func (x *creating) defaults(t *testing.T) {
	a, err := x.make(door.Values{"name": "N"})
	if err != nil {
		t.Fatal(err)
	}
	b, err := x.make(door.Values{"name": "N", "pick": nil})
	if err != nil {
		t.Fatal(err)
	}
	if a.JSON("pick") != "a" || b.JSON("pick") != nil {
		t.Errorf("a default: %v where nothing was said, %v where nothing was wanted", a.JSON("pick"), b.JSON("pick"))
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	numbers := map[any]bool{}
	for range 10 {
		wg.Go(func() {
			r, err := x.make(door.Values{"name": "N"})
			if err != nil {
				t.Error(err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			numbers[r.JSON("number")] = true
		})
	}
	wg.Wait()
	if len(numbers) != 10 {
		t.Errorf("ten records have %d numbers", len(numbers))
	}
}

// links point only to what the one who writes may see.
func (x *creating) links(t *testing.T) {
	ctx := context.Background()
	rep := x.w.As(x.w.Person(t, "Rita", id.ID{}, "sales_rep"))
	own := must[*door.Record](t)(rep.Create(ctx, "company", door.Values{"name": "Mine"}, ""))
	binned := must[*door.Record](t)(rep.Create(ctx, "company", door.Values{"name": "Binned"}, ""))
	if err := rep.Delete(ctx, "company", binned.ID, 0); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		to   id.ID
	}{{"of somebody else", x.company}, {"in the bin", binned.ID}, {"that is not there", id.ID{1, 2}}} {
		for field, v := range map[string]any{"link": c.to.String(), "links": []any{own.ID.String(), c.to.String()}, "any": map[string]any{"object": "company", "id": c.to.String()}} {
			_, err := rep.Create(ctx, "sample", door.Values{"name": "N", field: v}, "")
			refused(t, field+" to a company "+c.name, err, fault.Invalid, field+":no_such_record")
		}
	}
	must[*door.Record](t)(rep.Create(ctx, "sample", door.Values{"name": "N", "link": own.ID.String()}, ""))
	_, err := rep.Create(ctx, "sample", door.Values{"name": "N", "owner": x.me.String()}, "")
	refused(t, "for another owner", err, fault.Forbidden, "forbidden")
}

// repeated requests are carried out once, however many arrive at the same time.
func (x *creating) repeated(t *testing.T) {
	ctx := context.Background()
	v := door.Values{"name": "Once"}
	first := must[*door.Record](t)(x.s.Create(ctx, "sample", v, "key-1"))
	n := size(t, x.w)
	second := must[*door.Record](t)(x.s.Create(ctx, "sample", v, "key-1"))
	if first.ID != second.ID || shown(first) != shown(second) || size(t, x.w) != n {
		t.Error("a repetition made another record, or left a trace")
	}
	_, err := x.s.Create(ctx, "sample", door.Values{"name": "Other"}, "key-1")
	refused(t, "the key for another request", err, fault.Conflict, "idempotency_reuse")
	_, err = x.s.Create(ctx, "sample", v, strings.Repeat("k", 256))
	refused(t, "a long key", err, fault.Invalid, "too_long")
	other := must[*door.Record](t)(x.w.As(x.w.Person(t, "Otto", id.ID{}, "sales_manager")).Create(ctx, "sample", v, "key-1"))
	if other.ID == first.ID {
		t.Error("another person's key gave this person's record")
	}
	founder := x.w.Door.As(authn.Founder(), door.ViaJob)
	a := must[*door.Record](t)(founder.Create(ctx, "team", door.Values{"name": "By the program"}, "key-1"))
	b := must[*door.Record](t)(founder.Create(ctx, "team", door.Values{"name": "By the program"}, "key-1"))
	if a.ID != b.ID {
		t.Error("the program's repetition made another record")
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	made := map[id.ID]bool{}
	for range 8 {
		wg.Go(func() {
			r, err := x.s.Create(ctx, "sample", v, "key-2")
			if err != nil {
				t.Errorf("one of several at the same time: %v", err)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			made[r.ID] = true
		})
	}
	wg.Wait()
	if len(made) != 1 {
		t.Errorf("the same request made %d records", len(made))
	}
	if _, err := x.s.Create(ctx, "sample", door.Values{"name": ""}, "key-3"); err == nil {
		t.Fatal("no refusal")
	}
	must[*door.Record](t)(x.s.Create(ctx, "sample", v, "key-3")) // a refused request does not use its key up
}
