package transfer

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/door/doortest"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/sqldb"
)

// Headings of other programs find their fields.
func TestHeadings(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite, ticket())
	for _, c := range []struct{ name, object, heading, row, want string }{
		{"Chinese", "contact", "姓名,手机,邮箱,公司名称,职位,备注", "王芳,13800138000,a@example.com,,采购,x", "full_name phone email company position description"},
		{"Chinese companies", "company", "公司名称,所属行业,员工人数,官网,所在城市,负责人", "甲公司,软件,12,example.com,上海,", "name industry employees website city owner"},
		{"Salesforce accounts", "company", "ID,NAME,BILLINGSTREET,BILLINGCITY,BILLINGPOSTALCODE,BILLINGCOUNTRY,PHONE,WEBSITE,ANNUALREVENUE,NUMBEROFEMPLOYEES", "1,A,x,B,1,C,123456,a.com,8.48E10,3", "- name billing_address.street city billing_address.postal_code country phone website annual_revenue employees"},
		{"Salesforce contacts", "contact", "FirstName,LastName,Account Name,Title,Email,MobilePhone,MailingStreet,MailingCity,Birthdate", "A,B,,x,a@b.cn,123456,x,y,1970-01-02", "first_name last_name company position email phone address.street address.city birthday"},
		{"HubSpot", "contact", "Record ID,First Name,Last Name,Email,Phone Number,Associated Company,Job Title", "1,A,B,a@b.cn,123456,,x", "- first_name last_name email phone company position"},
		{"Twenty", "contact", "Name / First Name,Name / Last Name,Emails / Primary Email,Phones / Primary Phone Number,Company", "A,B,a@b.cn,123456,", "first_name last_name email phone company"},
		{"two e-mails", "contact", "name,Email,Email", "Jo Li,a@b.cn,c@d.cn", "full_name email -"},
		{"values that do not fit", "lead", "Last name,Lead source,Employees", "Li,Olark,3", "last_name - employees"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			table, err := Read(Bytes([]byte(c.heading+"\n"+c.row+"\n")), ReadOptions{})
			if err != nil {
				t.Fatal(err)
			}
			r, err := Import(context.Background(), w.Door, authn.Operator(w.Owner), table, Plan{Object: c.object, DryRun: true, Currency: "USD"})
			if err != nil || r.Created != 1 {
				t.Fatalf("%+v (%v)", r, err)
			}
			var got []string
			for _, column := range table.Columns {
				if to := r.Mapping[column]; to != "" {
					got = append(got, to)
				} else {
					got = append(got, "-")
				}
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %s", strings.Join(got, " "))
			}
		})
	}
}

// What values mean: null words, dates of one order, names in one column, addresses in several.
func TestValues(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite, ticket())
	for _, c := range []struct {
		name, file string
		plan       Plan
		filters    []string // each finds one record
		wrong      string
	}{
		{"null words", "last name,department\nNull1,Select\nNull2,n/a\nNull3,Sales\n", Plan{Object: "contact", Nulls: []string{"select", "N/A"}}, []string{"last_name == 'Null1' && department == null", "last_name == 'Null2' && department == null", "last_name == 'Null3' && department == 'Sales'"}, ""},
		{"the day first, for all", "subject,due\nDay1,03/04/2026\nDay2,13/04/2026\nDay3,1.5.26 08:30\n", Plan{Object: "ticket"}, []string{"subject == 'Day1' && due == '2026-04-03'", "subject == 'Day2' && due == '2026-04-13'", "subject == 'Day3' && due == '2026-05-01'"}, ""},
		{"the month first, for all", "subject,created date\nMonth1,03/04/2026 3:05 PM\nMonth2,04/13/2026\n", Plan{Object: "ticket"}, []string{"subject == 'Month1' && created_date == '2026-03-04T15:05:00Z'"}, ""},
		{"either way", "subject,due\nEither1,03/04/2026\n", Plan{Object: "ticket"}, nil, "2 due ambiguous_date"},
		{"either way, and told", "subject,due\nTold1,03/04/2026\n", Plan{Object: "ticket", Dates: "mdy"}, []string{"subject == 'Told1' && due == '2026-03-04'"}, ""},
		{"both ways", "subject,due\nBoth1,13/04/2026\nBoth2,04/13/2026\nBoth3,05/04/2026\n", Plan{Object: "ticket"}, []string{"subject == 'Both1' && due == '2026-04-13'", "subject == 'Both2' && due == '2026-04-13'"}, "4 due ambiguous_date"},
		{"as Salesforce writes moments", "subject,created date,due\nForce1,2010-10-14T12:00:00.000Z-0300,2010-10-14T12:00:00.000Z\n", Plan{Object: "ticket"}, []string{"subject == 'Force1' && created_date == '2010-10-14T15:00:00Z' && due == '2010-10-14'"}, ""},
		{"months by name", "subject,due\nName1,\"Oct 14, 2010\"\nName2,14-Oct-2010\n", Plan{Object: "ticket"}, []string{"subject == 'Name1' && due == '2010-10-14'", "subject == 'Name2' && due == '2010-10-14'"}, ""},
		{"yes and no, labels in both languages", "subject,紧急,status\nBool1,是,待处理\nBool2,NO,Closed\n", Plan{Object: "ticket"}, []string{"subject == 'Bool1' && urgent && status == 'open'", "subject == 'Bool2' && !urgent && status == 'closed'"}, ""},
		{"whole names", "name,position\nAnn Mary Doe,x\n王芳,x\n\"Roe, Jane\",x\n", Plan{Object: "contact"}, []string{"last_name == 'Doe' && first_name == 'Ann Mary'", "last_name == '王芳'", "last_name == 'Roe' && first_name == 'Jane'"}, ""},
	} {
		got, err := load(t, w, c.file, c.plan)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		var wrong []string
		for _, x := range got.Errors {
			wrong = append(wrong, fmt.Sprintf("%d %s %s", x.Line, x.Fields[0].Name, x.Fields[0].Reason))
		}
		if strings.Join(wrong, ", ") != c.wrong {
			t.Errorf("%s: wrong: %v; %v", c.name, wrong, got.Notes)
		}
		for _, f := range c.filters {
			if n := count(t, w, c.plan.Object, f); n != 1 {
				t.Errorf("%s: %d records with %s", c.name, n, f)
			}
		}
	}
}

// Who may define may have the options that a file names added.
func TestNewOptions(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite)
	gadget := ticket()
	gadget.Name, gadget.ID = "gadget", 0
	if _, err := w.As(w.Owner).Define(context.Background(), door.Definition{New: &gadget}); err != nil {
		t.Fatal(err)
	}
	const file = "subject,status\nOption1,On hold\nOption2,等待\nOption3,Open\n"
	plan := Plan{Object: "gadget", NewOptions: true, DryRun: true}
	if got, err := load(t, w, file, plan); err != nil || got.Created != 3 {
		t.Errorf("dry: %+v (%v)", got, err)
	}
	plan.DryRun = false
	if got, err := load(t, w, file, plan); err != nil || got.Created != 3 {
		t.Fatalf("%+v (%v)", got, err)
	}
	for _, f := range []string{"subject == 'Option1' && status == 'on_hold'", "subject == 'Option2' && status == 'option'", "subject == 'Option3' && status == 'open'"} {
		if count(t, w, "gadget", f) != 1 {
			t.Errorf("none with %s", f)
		}
	}
	table, err := Read(Bytes([]byte("subject,status\nOption4,Lost\n")), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	seller := w.Person(t, "Sam Seller", [16]byte{}, "sales_rep")
	for _, dry := range []bool{true, false} {
		plan.DryRun = dry
		if got, err := Import(context.Background(), w.Door, authn.Operator(seller), table, plan); err == nil {
			t.Errorf("somebody who may not define added an option: %+v", got)
		}
	}
}

// Rows about records that are there, or twice in the file, are found by encrypted fields too.
func TestDuplicates(t *testing.T) {
	t.Parallel()
	doortest.Engines(t, func(t *testing.T, w *doortest.World) {
		alpha := w.Make(t, "company", door.Values{"name": "Alpha", "website": "https://www.alpha.example"})
		w.Make(t, "contact", door.Values{"last_name": "Li", "first_name": "Wei", "email": "Li.Wei@example.com", "phone": "+86 138 0013 8000", "company": alpha.String()})
		const people = "last name,first name,email,phone,company,position\n" +
			"Li,W.,li.wei@EXAMPLE.com,,,by e-mail\n" +
			"Other,,,13800138000,,by phone\n" +
			"li,wei,,,Alpha,by name\n" +
			"New,,new@example.com,,,new\n" +
			"New,,NEW@example.com,,,twice\n" +
			"Same,,,,,new too\n"
		for _, c := range []struct {
			object, file, policy                   string
			created, updated, skipped, failed, dup int
			by                                     string
		}{
			{"contact", people, "create", 6, 0, 0, 0, 4, "email phone name email"},
			{"contact", people, "skip", 2, 0, 4, 0, 4, "email phone name email"},
			{"contact", people, "update", 2, 1, 0, 3, 4, "email phone name email"},
			{"company", "name,website\nalpha,\nBeta,alpha.example\nGamma,gamma.example\nGamma Ltd,http://GAMMA.example/x\n", "skip", 1, 0, 3, 0, 3, "name domain domain"},
		} {
			// Dry, so that every policy meets the same records.
			got, err := load(t, w, c.file, Plan{Object: c.object, Duplicates: c.policy, DryRun: true})
			if err != nil {
				t.Errorf("%s: %v", c.policy, err)
				continue
			}
			var by []string
			for _, x := range got.Twins {
				by = append(by, x.By)
			}
			if got.Created != c.created || got.Updated != c.updated || got.Skipped != c.skipped || got.Failed != c.failed || got.Duplicates != c.dup || strings.Join(by, " ") != c.by {
				t.Errorf("%s %s: %+v, by %v", c.object, c.policy, got, by)
			}
		}
	})
}

// Records are found by encrypted fields, linked records by a field of theirs, and an earlier mapping
// is used again.
func TestKeysAndLinks(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite)
	ctx := context.Background()
	w.Make(t, "company", door.Values{"name": "Alpha", "credit_code": "C1"})
	w.Make(t, "contact", door.Values{"last_name": "Li", "email": "li@example.com"})
	const file = "mail,who,code,agent\nLI@example.com,Li Two,C1,olga@example.com\nma@example.com,Ma,C1,Olga Owner\nno@example.com,No,C9,\n"
	plan := Plan{Object: "contact", Mode: "upsert", Key: "email", Map: map[string]string{"mail": "email", "who": "last_name", "code": "company.credit_code", "agent": "owner"}}
	got, err := load(t, w, file, plan)
	if err != nil || got.Created != 1 || got.Updated != 1 || got.Failed != 1 || got.Errors[0].Fields[0].Reason != "no_such_record" {
		t.Fatalf("%+v (%v)", got, err)
	}
	if n := count(t, w, "contact", "company.name == 'Alpha' && last_name in ['Li Two', 'Ma']"); n != 2 {
		t.Errorf("%d contacts are linked", n)
	}
	if n := count(t, w, "contact", "last_name == 'Li Two' && owner != null"); n != 1 {
		t.Errorf("%d contacts have an owner", n)
	}
	page, err := w.As(w.Owner).List(ctx, door.Query{Object: "import"})
	if err != nil || len(page.Records) != 1 {
		t.Fatal(page, err)
	}
	saved, err := Saved(ctx, w.As(w.Owner), page.Records[0].ID)
	if err != nil {
		t.Fatal(err)
	}
	again, err := load(t, w, "mail,who,code,agent\nma@example.com,Ma Two,C1,\n", saved.With(Plan{Object: "contact"}))
	if err != nil || again.Updated != 1 || count(t, w, "contact", "last_name == 'Ma Two'") != 1 {
		t.Errorf("%+v (%v)", again, err)
	}
	reader := w.Person(t, "Rita Reader", [16]byte{}, "reader")
	table, err := Read(Bytes([]byte(file)), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Import(ctx, w.Door, authn.Operator(reader), table, Plan{Object: "ticket"}); !fault.Is(err, fault.NotFound) {
		t.Errorf("an object that is not there: %v", err)
	}
	if r, err := Import(ctx, w.Door, authn.Operator(reader), table, plan); err == nil && r.Created+r.Updated > 0 {
		t.Errorf("a reader imported: %+v", r)
	}
	if _, err := Saved(ctx, w.As(reader), page.Records[0].ID); !fault.Is(err, fault.NotFound) {
		t.Errorf("a reader sees the mapping of somebody else: %v", err)
	}
}

// Rows that are wrong come back as they were, with what is wrong, and nothing that a spreadsheet runs.
func TestWriteErrors(t *testing.T) {
	t.Parallel()
	w := doortest.New(t, sqldb.SQLite)
	const file = "name,employees,city\nA,1,Bonn\n=B,many,\"Köln, am Rhein\"\nC,2,Bern,x\n"
	got, err := load(t, w, file, Plan{Object: "company"})
	if err != nil {
		t.Fatal(err)
	}
	table, err := Read(Bytes([]byte(file)), ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	if err := WriteErrors(&b, table, got.Errors); err != nil {
		t.Fatal(err)
	}
	const want = "name,employees,city,line,what is wrong\n'=B,many,\"Köln, am Rhein\",3,employees: want a whole number\nC,2,Bern,4,\"row: has 4 values, and the heading has 3 columns: put quotes around values that hold a delimiter\"\n"
	if b.String() != want {
		t.Errorf("got %s", b.String())
	}
}
