// Package sales declares what a sales team works with: leads, contacts, companies, deals and their
// pipeline, products, and what happens around them: tasks, meetings, calls, notes and documents.
package sales

//lint:ignore ST1001 the declarations are a table
import . "github.com/wardbook/wardbook/internal/schema"

// Objects returns the objects of people and sales.
func Objects() []Object {
	return []Object{
		lead(), company(), contact(), deal(), pipeline(), stage(), stageChange(), product(),
		task(), meeting(), call(), note(), document(),
	}
}

func industries() func(*Field) {
	return One("technology", "Technology", "科技", "software", "Software", "软件", "medical", "Medical", "医疗", "retail", "Retail", "零售",
		"entertainment", "Entertainment", "文娱", "marketing", "Marketing", "营销", "telecommunications", "Telecommunications", "电信",
		"finance", "Finance", "金融", "employment", "Employment", "人力资源", "services", "Services", "服务", "manufacturing", "Manufacturing", "制造",
		"education", "Education", "教育", "energy", "Energy", "能源", "real_estate", "Real estate", "房地产", "logistics", "Logistics", "物流",
		"public_sector", "Public sector", "公共部门", "other", "Other", "其他")
}

func sources() func(*Field) {
	return One("web", "Website", "官网", "phone", "Phone", "400电话", "referral", "Referral", "转介绍", "event", "Event", "线下活动",
		"campaign", "Campaign", "市场活动", "partner", "Partner", "合作伙伴", "import", "Import", "导入", "other", "Other", "其他")
}

func lead() Object {
	return Object{
		ID: 20, Name: "lead", Label: Text{En: "Lead", Zh: "线索"}, Plural: Text{En: "Leads", Zh: "线索"}, Title: []string{"last_name", "first_name", "company_name"}, Subject: Self,
		Indexes: [][]string{{"status"}, {"owner"}},
		Fields: []Field{
			F(100, "first_name", Short, "First name", "名", OfPerson),
			F(101, "last_name", Short, "Last name", "姓", OfPerson, Needed),
			F(102, "salutation", Short, "Salutation", "称呼", OfPerson, Up(40)),
			F(103, "company_name", Short, "Company", "公司"),
			F(104, "position", Short, "Job title", "职务"),
			F(105, "email", Email, "E-mail", "电子邮箱", OfPerson),
			F(106, "phone", Phone, "Phone", "电话", OfPerson),
			F(107, "website", URL, "Website", "网站"),
			F(108, "industry", Picklist, "Industry", "行业", industries()),
			F(109, "employees", Int, "Employees", "员工数"),
			F(110, "annual_revenue", MoneyT, "Annual revenue", "年营收"),
			F(111, "status", Picklist, "Status", "状态", Needed, From("new"), One("new", "New", "新建", "assigned", "Assigned", "已分配",
				"working", "Working", "跟进中", "qualified", "Qualified", "已确认", "converted", "Converted", "已转化", "recycled", "Recycled", "已回收",
				"disqualified", "Disqualified", "无效")),
			F(112, "lead_source", Picklist, "Lead source", "线索来源", sources()),
			F(113, "rating", Picklist, "Rating", "热度", One("hot", "Hot", "热", "warm", "Warm", "温", "cold", "Cold", "冷")),
			F(114, "do_not_call", Bool, "Do not call", "请勿致电"),
			F(115, "address", AddressT, "Address", "地址", OfPerson),
			F(116, "next_contact_at", Datetime, "Next contact", "下次联系时间"),
			F(117, "lost_reason", Short, "Reason lost", "流失原因"),
			F(118, "description", Longtext, "Description", "描述", OfPerson),
		},
	}
}

func company() Object {
	return Object{
		ID: 21, Name: "company", Label: Text{En: "Company", Zh: "客户"}, Plural: Text{En: "Companies", Zh: "客户"}, Title: []string{"name"},
		Indexes: [][]string{{"name"}, {"owner"}, {"industry"}},
		Fields: []Field{
			F(100, "name", Short, "Name", "名称", Needed),
			F(101, "legal_name", Short, "Registered name", "工商名称"),
			F(102, "credit_code", Short, "Unified social credit code", "统一社会信用代码", Up(18)),
			F(103, "relation", Picklist, "Type", "客户类型", One("prospect", "Prospect", "潜在客户", "customer", "Customer", "最终客户", "partner", "Partner", "代理商",
				"competitor", "Competitor", "竞争对手", "other", "Other", "其他")),
			F(104, "level", Picklist, "Level", "客户级别", One("strategic", "Strategic", "战略", "key", "Key", "重要", "normal", "Normal", "一般")),
			F(105, "industry", Picklist, "Industry", "行业", industries()),
			F(106, "employees", Int, "Employees", "员工数"),
			F(107, "annual_revenue", MoneyT, "Annual revenue", "年营收"),
			F(108, "founded", Int, "Founded", "成立年份"),
			F(109, "website", URL, "Website", "网站"),
			F(110, "phone", Phone, "Phone", "电话"),
			F(111, "email", Email, "E-mail", "电子邮箱"),
			F(112, "city", Short, "City", "城市"),
			F(113, "country", Short, "Country", "国家"),
			F(114, "billing_address", AddressT, "Billing address", "开票地址"),
			F(115, "shipping_address", AddressT, "Shipping address", "收货地址"),
			F(116, "parent", Lookup, "Parent company", "上级客户", To("company")),
			F(117, "tax_account", Short, "Bank account", "银行账号", Guarded),
			F(118, "next_contact_at", Datetime, "Next contact", "下次联系时间"),
			F(119, "description", Longtext, "Description", "描述"),
			F(120, "logo", Image, "Logo", "标志"),
		},
	}
}

func contact() Object {
	return Object{
		ID: 22, Name: "contact", Label: Text{En: "Contact", Zh: "联系人"}, Plural: Text{En: "Contacts", Zh: "联系人"}, Title: []string{"last_name", "first_name"}, Subject: Self,
		Indexes: [][]string{{"company"}, {"owner"}, {"company", "last_name"}, {"owner", "last_name"}},
		Fields: []Field{
			F(100, "first_name", Short, "First name", "名", OfPerson),
			F(101, "last_name", Short, "Last name", "姓", OfPerson, Needed),
			F(102, "salutation", Short, "Salutation", "称呼", OfPerson, Up(40)),
			F(103, "company", Lookup, "Company", "客户", To("company")),
			F(104, "position", Short, "Job title", "职务"),
			F(105, "department", Short, "Department", "部门"),
			F(106, "part", Picklist, "Role in decisions", "决策角色", One("decision_maker", "Decision maker", "决策人", "evaluator", "Evaluator", "评估人",
				"influencer", "Influencer", "影响者", "user", "User", "使用人", "sponsor", "Executive sponsor", "高层支持者")),
			F(107, "email", Email, "E-mail", "电子邮箱", OfPerson),
			F(108, "phone", Phone, "Phone", "电话", OfPerson),
			F(109, "wechat", Short, "WeChat", "微信", OfPerson),
			F(110, "birthday", DateT, "Birthday", "生日", OfPerson),
			F(111, "address", AddressT, "Address", "地址", OfPerson),
			F(112, "preferred_language", Short, "Preferred language", "首选语言", Up(20)),
			F(113, "do_not_call", Bool, "Do not call", "请勿致电"),
			F(114, "identity_number", Short, "Identity number", "证件号码", Guarded, Up(40)),
			F(115, "description", Longtext, "Description", "描述", OfPerson),
			F(116, "photo", Image, "Photo", "照片", OfPerson),
		},
	}
}

func deal() Object {
	return Object{
		ID: 23, Name: "deal", Label: Text{En: "Deal", Zh: "商机"}, Plural: Text{En: "Deals", Zh: "商机"}, Title: []string{"name"},
		Indexes:  [][]string{{"stage", "amount"}, {"company"}, {"owner"}, {"close_date"}, {"amount"}},
		Timeline: &Timeline{Field: "stage", Since: "stage_changed_at", Object: "stage_change", Record: "deal", From: "from_stage", To: "to_stage", At: "changed_at", Spent: "time_in_stage", Copy: "amount"},
		Fields: []Field{
			F(100, "name", Short, "Name", "名称", Needed),
			F(101, "company", Lookup, "Company", "客户", To("company")),
			F(102, "contact", Lookup, "Contact", "联系人", To("contact")),
			F(103, "amount", MoneyT, "Amount", "金额"),
			F(104, "probability", Percent, "Probability", "赢单概率", Taking("stage.probability")),
			F(105, "pipeline", Lookup, "Pipeline", "销售流程", To("pipeline"), Taking("stage.pipeline")),
			F(106, "stage", Lookup, "Stage", "阶段", Needed, To("stage")),
			F(107, "stage_changed_at", Datetime, "In this stage since", "进入阶段时间", Kept),
			F(108, "forecast", Picklist, "Forecast", "预测类别", One("pipeline", "Pipeline", "管道", "best_case", "Best case", "最佳情况", "commit", "Commit", "承诺",
				"closed", "Closed", "已关闭", "omitted", "Omitted", "不计入")),
			F(109, "engaged_on", DateT, "Engaged", "接洽日期"),
			F(110, "close_date", DateT, "Close date", "预计成交日期"),
			F(111, "closed_at", Datetime, "Closed", "关闭时间", When("has(stage) && stage.outcome != 'open'")),
			F(112, "kind", Picklist, "Type", "类型", One("new", "New", "新签", "renewal", "Renewal", "续约", "upsell", "Upsell", "增购", "expansion", "Expansion", "扩容")),
			F(113, "lead_source", Picklist, "Lead source", "线索来源", sources()),
			F(114, "product", Lookup, "Product", "产品", To("product")),
			F(115, "next_step", Short, "Next step", "下一步"),
			F(116, "competitor", Short, "Competitor", "竞争对手"),
			F(117, "lost_reason", Short, "Reason lost", "输单原因"),
			F(118, "description", Longtext, "Description", "描述"),
		},
	}
}

func pipeline() Object {
	return Object{
		ID: 24, Name: "pipeline", Label: Text{En: "Pipeline", Zh: "销售流程"}, Plural: Text{En: "Pipelines", Zh: "销售流程"}, Title: []string{"name"},
		Fields: []Field{F(100, "name", Short, "Name", "名称", Needed, Once), F(101, "position", Int, "Order", "顺序")},
	}
}

func stage() Object {
	return Object{
		ID: 25, Name: "stage", Label: Text{En: "Stage", Zh: "阶段"}, Plural: Text{En: "Stages", Zh: "阶段"}, Title: []string{"name"},
		Indexes: [][]string{{"pipeline"}},
		Fields: []Field{
			F(100, "name", Short, "Name", "名称", Needed),
			F(101, "name_zh", Short, "Chinese name", "中文名称"),
			F(102, "pipeline", Lookup, "Pipeline", "销售流程", Needed, To("pipeline")),
			F(103, "position", Int, "Order", "顺序", Needed),
			F(104, "probability", Percent, "Usual probability", "默认概率"),
			F(105, "outcome", Picklist, "Outcome", "结果", Needed, From("open"), One("open", "Open", "进行中", "won", "Won", "赢单", "lost", "Lost", "输单", "abandoned", "Abandoned", "无效")),
		},
	}
}

func stageChange() Object {
	return Object{
		ID: 26, Name: "stage_change", Label: Text{En: "Stage change", Zh: "阶段变更"}, Plural: Text{En: "Stage changes", Zh: "阶段变更"}, Title: []string{"deal"}, Written: true,
		Indexes: [][]string{{"deal"}},
		Fields: []Field{
			F(100, "deal", Lookup, "Deal", "商机", Kept, To("deal")),
			F(101, "from_stage", Lookup, "From", "原阶段", Kept, To("stage")),
			F(102, "to_stage", Lookup, "To", "新阶段", Kept, To("stage")),
			F(103, "amount", MoneyT, "Amount", "金额", Kept),
			F(104, "changed_at", Datetime, "When", "变更时间", Kept),
			F(105, "time_in_stage", Duration, "Time in the stage before", "原阶段停留时长", Kept),
		},
	}
}

func product() Object {
	return Object{
		ID: 27, Name: "product", Label: Text{En: "Product", Zh: "产品"}, Plural: Text{En: "Products", Zh: "产品"}, Title: []string{"name"},
		Indexes: [][]string{{"name"}},
		Fields: []Field{
			F(100, "name", Short, "Name", "名称", Needed, Once),
			F(101, "code", Short, "Code", "编码", Up(60)),
			F(102, "family", Short, "Family", "产品系列"),
			F(103, "unit", Short, "Unit", "单位", Up(40)),
			F(104, "list_price", MoneyT, "List price", "标准价格"),
			F(105, "cost", MoneyT, "Cost", "成本", Guarded),
			F(106, "active", Bool, "On sale", "上架", From("true")),
			F(107, "description", Longtext, "Description", "描述"),
			F(108, "image", Image, "Picture", "图片"),
		},
	}
}
