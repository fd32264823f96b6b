package found

import "encoding/json"

// RoleSeed is a role that a new organisation begins with.
type RoleSeed struct {
	Key            string
	Name, NameZh   string
	About, AboutZh string
	Grants         []Grant
}

// Grant is an entry of a role's grants, as the door reads them.
type Grant struct {
	Object string   `json:"object"`
	Verbs  []string `json:"verbs"`
	Scope  string   `json:"scope"`
}

func (r RoleSeed) grants() (json.RawMessage, error) { return json.Marshal(r.Grants) }

// everyday is what everybody needs to work: to see who the colleagues are and how the company sells,
// and to keep views of one's own.
func everyday() []Grant {
	return []Grant{
		{"user", []string{"read"}, "all"},
		{"team", []string{"read"}, "all"},
		{"view", []string{"read", "create", "update", "delete"}, "own"},
		{"change_set", []string{"read"}, "own"},
		{"import", []string{"read"}, "own"},
		{"export", []string{"read"}, "own"},
		{"pipeline", []string{"read"}, "all"},
		{"stage", []string{"read"}, "all"},
		{"product", []string{"read"}, "all"},
	}
}

// Roles returns the roles of a new organisation. Nobody gets more than the work needs; what an
// administrator may do with people and roles gives no right to read a customer.
func Roles() []RoleSeed {
	full := []string{"read", "create", "update", "delete"}
	return []RoleSeed{
		{
			"owner", "Owner", "所有者", "Administers people, roles, objects and fields, and may read the journal. Sees no customers by itself.",
			"管理人员、角色、对象与字段，可查看审计日志；本身不能查看客户数据。",
			[]Grant{
				{"user", full, "all"},
				{"team", full, "all"},
				{"role", full, "all"},
				{"view", full, "all"},
				{"change_set", []string{"read", "export"}, "all"},
				{"import", []string{"read", "export"}, "all"},
				{"export", []string{"read", "export"}, "all"},
				{"*", []string{"define", "audit"}, "all"},
			},
		},
		{
			"sales_manager", "Sales manager", "销售经理", "Works with all leads, customers and deals, may export them, and looks after the sales process.",
			"管理全部线索、客户与商机，可导出数据，并维护销售流程。",
			append(everyday(), Grant{"*", append([]string{"export", "reveal"}, full...), "all"},
				Grant{"change_set", []string{"export"}, "own"}, Grant{"import", []string{"export"}, "own"}, Grant{"export", []string{"export"}, "own"}),
		},
		{
			"sales_rep", "Sales", "销售", "Works with own records and sees those of the team.",
			"处理本人的记录，可查看所在团队的记录。",
			append(everyday(), Grant{"*", []string{"read"}, "team"}, Grant{"*", []string{"create", "update", "delete", "reveal"}, "own"}),
		},
		{
			"reader", "Reader", "只读人员", "Reads all records and changes nothing.", "可查看全部记录，不能修改。",
			append(everyday(), Grant{"*", []string{"read"}, "all"}),
		},
	}
}
