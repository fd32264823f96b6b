package sales

//lint:ignore ST1001 the declarations are a table
import . "github.com/wardbook/wardbook/internal/schema"

// related is the record that an activity is about.
func related(n uint32) Field {
	return F(n, "related_to", Any, "Related to", "关联记录", To("lead", "contact", "company", "deal"))
}

func task() Object {
	return Object{
		ID: 28, Name: "task", Label: Text{En: "Task", Zh: "任务"}, Plural: Text{En: "Tasks", Zh: "任务"}, Title: []string{"subject"},
		Indexes: [][]string{{"owner"}, {"due_at"}, {"related_to"}},
		Fields: []Field{
			F(100, "subject", Short, "Subject", "主题", Needed),
			F(101, "due_at", Datetime, "Due", "截止时间"),
			F(102, "start_at", Datetime, "Start", "开始时间"),
			F(103, "status", Picklist, "Status", "状态", Needed, From("not_started"), One("not_started", "Not started", "未开始", "in_progress", "In progress", "进行中",
				"waiting", "Waiting", "等待中", "completed", "Completed", "已完成", "deferred", "Deferred", "已延期")),
			F(104, "priority", Picklist, "Priority", "优先级", From("normal"), One("low", "Low", "低", "normal", "Normal", "中", "high", "High", "高")),
			F(105, "reminder_at", Datetime, "Reminder", "提醒时间"),
			related(106),
			F(107, "description", Longtext, "Description", "描述"),
		},
	}
}

func meeting() Object {
	return Object{
		ID: 29, Name: "meeting", Label: Text{En: "Meeting", Zh: "会议"}, Plural: Text{En: "Meetings", Zh: "会议"}, Title: []string{"subject"},
		Indexes: [][]string{{"owner"}, {"start_at"}, {"related_to"}},
		Fields: []Field{
			F(100, "subject", Short, "Subject", "主题", Needed),
			F(101, "start_at", Datetime, "Start", "开始时间", Needed),
			F(102, "end_at", Datetime, "End", "结束时间", Needed),
			F(103, "all_day", Bool, "All day", "全天"),
			F(104, "location", Short, "Place", "地点"),
			F(105, "video_url", URL, "Video link", "视频链接"),
			F(106, "status", Picklist, "Status", "状态", From("planned"), One("planned", "Planned", "已计划", "held", "Held", "已举行", "not_held", "Not held", "未举行")),
			F(107, "visibility", Picklist, "Visibility", "可见性", From("default"), One("default", "Default", "默认", "private", "Private", "私密")),
			F(108, "guests", Lookups, "Contacts", "参会联系人", To("contact")),
			related(109),
			F(110, "description", Longtext, "Description", "描述"),
		},
	}
}

func call() Object {
	return Object{
		ID: 30, Name: "call", Label: Text{En: "Call", Zh: "通话"}, Plural: Text{En: "Calls", Zh: "通话"}, Title: []string{"subject"}, Subject: "related_to",
		Indexes: [][]string{{"owner"}, {"start_at"}, {"related_to"}},
		Fields: []Field{
			F(100, "subject", Short, "Subject", "主题", Needed),
			F(101, "direction", Picklist, "Direction", "方向", From("out"), One("out", "Outgoing", "呼出", "in", "Incoming", "呼入")),
			F(102, "number", Phone, "Number", "号码", OfPerson),
			F(103, "start_at", Datetime, "Start", "开始时间", Needed),
			F(104, "length", Duration, "Length", "时长"),
			F(105, "outcome", Picklist, "Outcome", "结果", One("connected", "Connected", "已接通", "no_answer", "No answer", "无人接听", "busy", "Busy", "占线",
				"voicemail", "Voicemail", "语音信箱", "wrong_number", "Wrong number", "号码错误")),
			related(106),
			F(107, "summary", Longtext, "What was said", "通话纪要", OfPerson),
		},
	}
}

func note() Object {
	return Object{
		ID: 31, Name: "note", Label: Text{En: "Note", Zh: "备注"}, Plural: Text{En: "Notes", Zh: "备注"}, Title: []string{"subject"}, Subject: "related_to",
		Indexes: [][]string{{"related_to"}},
		Fields: []Field{
			F(100, "subject", Short, "Subject", "主题"),
			F(101, "body", Richtext, "Text", "内容", OfPerson, Needed),
			F(102, "pinned", Bool, "Pinned", "置顶"),
			related(103),
		},
	}
}

func document() Object {
	return Object{
		ID: 32, Name: "document", Label: Text{En: "Document", Zh: "文档"}, Plural: Text{En: "Documents", Zh: "文档"}, Title: []string{"name"},
		Indexes: [][]string{{"related_to"}},
		Fields: []Field{
			F(100, "name", Short, "Name", "名称", Needed),
			F(101, "link", URL, "Where it is kept", "存放位置"),
			F(107, "file", File, "File", "文件"),
			F(102, "status", Picklist, "Status", "状态", From("active"), One("active", "Active", "有效", "draft", "Draft", "草稿", "expired", "Expired", "已过期")),
			F(103, "expires_on", DateT, "Expires", "到期日期"),
			F(104, "confidentiality", Picklist, "Confidentiality", "密级", From("internal"), One("public", "Public", "公开", "internal", "Internal", "内部",
				"confidential", "Confidential", "机密")),
			related(105),
			F(106, "description", Longtext, "Description", "描述"),
		},
	}
}
