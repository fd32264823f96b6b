package transfer

import (
	"strings"
	"unicode"

	"github.com/wardbook/wardbook/internal/door"
	"github.com/wardbook/wardbook/internal/schema"
)

// aliases lists, by field, names that other programs give a column: Salesforce, HubSpot, Twenty,
// Google and Outlook contacts, and what companies in China write. They are compared by plain.
func aliases(object string) map[string]string {
	common := map[string]string{
		"first_name": "Given name, Name / First name, First, 名字, 名",
		"last_name":  "Surname, Family name, Name / Last name, Last, 姓氏, 姓",
		"full_name":  "Name, Full name, Contact name, Display name, Lead name, 姓名, 联系人姓名, 联系人, 全名",
		"salutation": "Title of courtesy, Prefix, Name prefix, 称谓, 尊称",
		"position":   "Title, Position, Job, Role, Organization title, 职位, 岗位, 头衔",
		"department": "Organization department, 所在部门, 科室",
		"email":      "Email address, Mail, E-mail address, E-mail 1 - Value, Emails / Primary email, Work email, Primary email, 邮箱, 邮件, 电邮, 邮箱地址, 电子邮件",
		"phone": "Mobile, Mobile phone, Phone number, Tel, Telephone, Cell, Cell phone, Business phone, Phone 1 - Value, Phones / Primary phone number, Mobile number, " +
			"手机, 手机号, 手机号码, 电话号码, 联系电话, 移动电话, 联系方式",
		"wechat":         "Weixin, 微信号",
		"birthday":       "Birthdate, Date of birth, 出生日期, 出生年月",
		"website":        "Web, URL, Homepage, Web site, Website URL, Company domain name, Domain, Domain name, 网址, 官网, 主页",
		"industry":       "Sector, Branch, 所属行业, 行业类别",
		"employees":      "Number of employees, No of employees, Employee count, Headcount, Staff, 人数, 员工人数, 公司规模",
		"annual_revenue": "Revenue, Yearly revenue, ARR, 营业额, 年营业额, 年收入",
		"lead_source":    "Original source, Source, Lead source detail, 来源, 客户来源",
		"description":    "Notes, Note, Comments, Comment, Remarks, 备注, 说明, 简介",
		"do_not_call":    "Do not call me, 拒绝来电",
		"owner":          "Account owner, Contact owner, Lead owner, Deal owner, Sales agent, Sales rep, Assigned to, Assigned agent, 销售, 业务员, 跟进人, 所有者",
		"country":        "Billing country, Country / Region, 国家地区",
		"city":           "Billing city, Town, 所在城市",
		"relation":       "Type, Account type, 类型",
		"parent":         "Parent account, Subsidiary of, 母公司, 上级公司",
		"level":          "Tier, 等级",
		"credit_code":    "Credit code, 信用代码, 税号, 纳税人识别号",
		"close_date":     "Closing date, Expected close date, 成交日期, 预计签单日期",
		"amount":         "Value, Deal value, Deal amount, Close value, 合同金额, 商机金额",
		"stage":          "Stage name, Deal stage, 销售阶段, 商机阶段",
		"next_step":      "Next action, 下一步计划",
		"code":           "Product code, SKU, 产品编码, 产品编号",
		"list_price":     "Price, Unit price, Sales price, 单价, 价格, 售价",
		"family":         "Product family, Series, Category, 分类, 产品分类",
		"address.street": "Street, Mailing street, Street address, Address 1, 街道, 详细地址", "address.city": "Mailing city", "address.state": "State, Mailing state, Province, State / Region, 省, 省份",
		"address.postal_code": "Postal code, Zip, Zip code, Mailing postal code, Mailing zip, 邮编, 邮政编码", "address.country": "Mailing country",
		"billing_address.street": "Billing street, Street, Street address", "billing_address.city": "Billing city", "billing_address.state": "Billing state, State, Province, 省份",
		"billing_address.postal_code": "Billing postal code, Billing zip, Zip, Postal code, 邮编", "billing_address.country": "Billing country",
		"shipping_address.street": "Shipping street", "shipping_address.city": "Shipping city", "shipping_address.state": "Shipping state",
		"shipping_address.postal_code": "Shipping postal code, Shipping zip", "shipping_address.country": "Shipping country",
	}
	company := "Account name, Account, Company name, Organization, Organization name, Organisation, Employer, Associated company, 公司, 公司名称, 单位, 单位名称, 企业名称, 客户名称, 所属公司"
	switch object {
	case "company":
		common["name"] = company
	case "lead":
		common["company_name"] = company
	case "contact", "deal":
		common["company"] = company
	}
	switch object {
	case "deal":
		common["name"] = "Deal name, Opportunity, Opportunity name, Opportunity ID, 商机名称, 项目名称"
		common["kind"] = "Type, Deal type, 商机类型"
	case "product":
		common["name"] = "Product name, Product, 产品名称, 商品名称"
	}
	return common
}

// guesses finds for the plain name of a column what it may fill: first the object's own names and
// labels, then what others call it.
func guesses(info *door.ObjectInfo) map[string]string {
	out := map[string]string{}
	put := func(name, target string) {
		if p := plain(name); p != "" && out[p] == "" {
			out[p] = target
		}
	}
	for _, f := range info.Fields {
		if writable(f) {
			put(f.Field.Name, f.Field.Name)
		}
	}
	for _, f := range info.Fields {
		if writable(f) {
			put(f.Field.Label.En, f.Field.Name)
			put(f.Field.Label.Zh, f.Field.Name)
		}
	}
	more := aliases(info.Object.Name)
	for _, target := range sortedTargets(more) {
		if _, ok := targetIn(info, target); !ok {
			continue
		}
		for name := range strings.SplitSeq(more[target], ",") {
			put(name, target)
		}
	}
	return out
}

// sortedTargets puts parts of addresses last: a column that a whole field takes goes there.
func sortedTargets(m map[string]string) []string {
	var whole, parts []string
	for _, k := range sortedNames(m) {
		if strings.Contains(k, ".") {
			parts = append(parts, k)
		} else {
			whole = append(whole, k)
		}
	}
	return append(whole, parts...)
}

// target is where the values of a column go: a field, a part of an address, the name of a person, or
// a lookup by a field of the record that it points to.
type target struct {
	name  string // as in a plan
	field *schema.Field
	part  string // of an address: street, city, state, postal_code, country
	by    string // of a lookup: the field by which records are found; "" for the title or the e-mail
	full  bool   // the whole name of a person; field is the last name
}

// targetIn finds what a name in a plan stands for.
func targetIn(info *door.ObjectInfo, name string) (target, bool) {
	field, rest, dotted := strings.Cut(name, ".")
	if field == "full_name" && !dotted && info.Object.Field("full_name") == nil {
		last, ok := writableField(info, "last_name")
		if _, first := writableField(info, "first_name"); ok && first {
			return target{name: name, field: last, full: true}, true
		}
		return target{}, false
	}
	f, ok := writableField(info, field)
	switch {
	case !ok:
		return target{}, false
	case !dotted:
		return target{name: name, field: f}, true
	case f.Type == schema.AddressT:
		switch rest {
		case "street", "city", "state", "postal_code", "country":
			return target{name: name, field: f, part: rest}, true
		}
	case targetOf(f) != "":
		return target{name: name, field: f, by: rest}, true
	}
	return target{}, false
}

func writableField(info *door.ObjectInfo, name string) (*schema.Field, bool) {
	for _, f := range info.Fields {
		if f.Field.Name == name && writable(f) {
			return f.Field, true
		}
	}
	return nil, false
}

// splitName splits a person's name: the last word is the family's. A name in Chinese characters
// stays whole, so that it is found as people type it.
func splitName(text string) (last, first string) {
	words := strings.Fields(text)
	if len(words) < 2 || strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(unicode.Han, r) }) {
		return text, ""
	}
	if family, given, ok := strings.Cut(text, ","); ok && strings.TrimSpace(given) != "" { // Doe, Jane
		return strings.TrimSpace(family), strings.TrimSpace(given)
	}
	return words[len(words)-1], strings.Join(words[:len(words)-1], " ")
}
