package found

import (
	"context"
	"fmt"

	"github.com/wardbook/wardbook/internal/authn"
	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/fault"
	"github.com/wardbook/wardbook/internal/id"
)

// Person is somebody of the demo company.
type Person struct {
	ID   id.ID
	Role string
}

// Demo fills a new organisation with invented people, companies, contacts and deals, the same every
// time, and returns a person for each role.
func Demo(ctx context.Context, d *door.Door, owner id.ID, lang string) (_ []Person, err error) {
	defer fault.Op(&err, "found.Demo")
	s := d.As(authn.Operator(owner), door.ViaCLI)
	roles, err := s.List(ctx, door.Query{Object: "role", Sort: []string{"id"}, Fields: []string{"name"}})
	if err != nil {
		return nil, err
	}
	team, err := s.Create(ctx, "team", door.Values{"name": pick(lang, "North", "华北")}, "")
	if err != nil {
		return nil, err
	}
	var people []Person
	for i, r := range roles.Records[1:] {
		p, err := s.Create(ctx, "user", door.Values{
			"name": demoPeople(lang)[i], "email": fmt.Sprintf("person%d@example.com", i+1),
			"roles": []any{r.ID.String()}, "main_team": team.ID.String(),
		}, "")
		if err != nil {
			return nil, err
		}
		people = append(people, Person{p.ID, r.Text("name")})
	}
	return people, demoRecords(ctx, s, people, lang)
}

func pick[T any](lang string, en, zh T) T {
	if lang == "zh" {
		return zh
	}
	return en
}

func demoRecords(ctx context.Context, s *door.Session, people []Person, lang string) error {
	stages, err := s.List(ctx, door.Query{Object: "stage", Sort: []string{"position"}, Fields: []string{"name"}})
	if err != nil {
		return err
	}
	industries := []string{"software", "retail", "medical", "finance", "manufacturing"}
	var ops []door.Operation
	add := func(object string, v door.Values) int {
		ops = append(ops, door.Operation{Op: "create", Object: object, Fields: v})
		return len(ops) - 1
	}
	for i, name := range demoCompanies(lang) {
		owner := people[i%2].ID.String()
		company := add("company", door.Values{
			"name": name, "industry": industries[i%len(industries)], "city": pick(lang, []string{"Bonn", "Lyon", "Leeds", "Turin"}, []string{"北京", "上海", "杭州", "深圳"})[i%4],
			"employees": door.Parsed{Value: int64(20 + 37*i)}, "owner": owner,
		})
		names := demoContacts(lang)[i]
		contact := add("contact", door.Values{
			"first_name": names[0], "last_name": names[1], "company": door.Made{Operation: company}, "owner": owner,
			"email": fmt.Sprintf("contact%d@example.org", i+1), "phone": fmt.Sprintf("+8613800138%03d", i),
		})
		for j := range 2 {
			add("deal", door.Values{
				"name": name + pick(lang, [2]string{" licence", " service"}, [2]string{"软件许可", "服务合同"})[j], "owner": owner,
				"company": door.Made{Operation: company}, "contact": door.Made{Operation: contact},
				"stage":  stages.Records[(i*2+j)%len(stages.Records)].ID.String(),
				"amount": map[string]any{"amount": fmt.Sprintf("%d.00", 1500+i*730+j*4100), "currency": "EUR"},
			})
		}
	}
	_, err = s.Batch(ctx, ops, door.BatchOptions{})
	return err
}

func demoCompanies(lang string) []string {
	return pick(lang,
		[]string{"Alder Works", "Birch & Co", "Cedar Health", "Dogwood Bank", "Elm Motors", "Fir Foods", "Ginkgo Labs", "Hazel Hotels"},
		[]string{"晨星软件", "百川零售", "康和医疗", "汇通金融", "远山制造", "丰禾食品", "银杏实验室", "云栖酒店"})
}

func demoContacts(lang string) [][2]string {
	return pick(lang,
		[][2]string{{"Ada", "Berg"}, {"Ben", "Costa"}, {"Cleo", "Dahl"}, {"Dan", "Evans"}, {"Eva", "Fuchs"}, {"Finn", "Gray"}, {"Gina", "Holm"}, {"Hugo", "Ives"}},
		[][2]string{{"晓明", "李"}, {"丽", "王"}, {"志强", "张"}, {"芳", "刘"}, {"伟", "陈"}, {"静", "杨"}, {"磊", "赵"}, {"敏", "黄"}})
}

func demoPeople(lang string) []string {
	return pick(lang, []string{"Mara Manager", "Sam Sales", "Rita Reader"}, []string{"马经理", "孙销售", "任只读"})
}
