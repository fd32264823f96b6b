package schema

// System returns the objects that the program itself works with: people, teams, roles, saved views,
// change sets, imports and exports. They are records like any other, so they have rights, history
// and an API; Everything in a role does not reach them.
func System() []Object {
	return []Object{user(), team(), role(), view(), changeSet(), imports(), exports()}
}

func user() Object {
	return Object{
		ID: 1, Name: "user", Label: Text{"User", "用户"}, Plural: Text{"Users", "用户"}, Title: []string{"name"}, Subject: Self, System: true,
		Fields: []Field{
			F(100, "name", Short, "Name", "姓名", OfPerson, Needed),
			F(101, "email", Email, "E-mail", "电子邮箱", OfPerson),
			F(102, "phone", Phone, "Phone", "电话", OfPerson),
			F(103, "position", Short, "Job title", "职务"),
			F(104, "main_team", Lookup, "Team", "主团队", To("team")),
			F(105, "teams", Lookups, "More teams", "其他团队", To("team")),
			F(106, "roles", Lookups, "Roles", "角色", To("role")),
			F(107, "active", Bool, "Active", "启用", From("true")),
			F(108, "locale", Picklist, "Language", "语言", One("en", "English", "英语", "zh_cn", "Simplified Chinese", "简体中文"), From("en")),
			F(109, "timezone", Short, "Time zone", "时区", Up(60), From("UTC")),
			F(110, "theme", Picklist, "Look", "界面外观", One("auto", "As the system", "跟随系统", "light", "Light", "浅色", "dark", "Dark", "深色")),
		},
	}
}

func team() Object {
	return Object{
		ID: 2, Name: "team", Label: Text{"Team", "团队"}, Plural: Text{"Teams", "团队"}, Title: []string{"name"}, System: true,
		Fields: []Field{
			F(100, "name", Short, "Name", "名称", Needed, Once),
			F(101, "parent", Lookup, "Part of", "上级团队", To("team")),
			F(102, "lead", User, "Lead", "负责人"),
			F(103, "region", Short, "Region", "区域"),
		},
	}
}

func role() Object {
	return Object{
		ID: 3, Name: "role", Label: Text{"Role", "角色"}, Plural: Text{"Roles", "角色"}, Title: []string{"name"}, System: true,
		Fields: []Field{
			F(100, "name", Short, "Name", "名称", Needed, Once),
			F(101, "description", Longtext, "What it is for", "用途说明"),
			F(102, "grants", JSON, "Grants", "授权", Needed),
			F(103, "masks", JSON, "Field access", "字段权限"),
			F(104, "builtin", Bool, "Comes with Wardbook", "系统内置", Kept),
		},
	}
}

func view() Object {
	return Object{
		ID: 4, Name: "view", Label: Text{"View", "视图"}, Plural: Text{"Views", "视图"}, Title: []string{"name"}, System: true,
		Fields: []Field{
			F(100, "name", Short, "Name", "名称", Needed),
			F(101, "for_object", Short, "Object", "对象", Needed, Up(40)),
			F(102, "filter", Longtext, "Filter", "筛选条件"),
			F(103, "columns", JSON, "Columns", "列"),
			F(104, "sort", Short, "Order", "排序"),
			F(105, "layout", Picklist, "Shown as", "显示方式", One("list", "List", "列表", "board", "Board", "看板", "calendar", "Calendar", "日历"), From("list")),
			F(106, "shared", Picklist, "Shared with", "共享范围", One("private", "Only me", "仅自己", "team", "My team", "所在团队", "everyone", "Everyone", "所有人"), From("private")),
		},
	}
}

func changeSet() Object {
	return Object{
		ID: 5, Name: "change_set", Label: Text{"Change set", "变更集"}, Plural: Text{"Change sets", "变更集"}, Title: []string{"kind"}, System: true, Written: true,
		Fields: []Field{
			F(100, "kind", Picklist, "Kind", "类型", Kept, One("edit", "Edit", "编辑", "batch", "Bulk change", "批量变更", "import", "Import", "导入", "undo", "Undo", "撤销", "define", "Structure", "结构变更")),
			F(101, "via", Short, "Through", "操作渠道", Kept),
			F(102, "changes", Int, "Changes", "变更数", Kept),
			F(103, "undoes", Lookup, "Undoes", "撤销的变更集", Kept, To("change_set")),
			F(104, "undone_by", Lookup, "Undone by", "被撤销于", Kept, To("change_set")),
		},
	}
}

func imports() Object {
	return Object{
		ID: 6, Name: "import", Label: Text{"Import", "导入"}, Plural: Text{"Imports", "导入"}, Title: []string{"for_object"}, System: true, Written: true,
		Fields: []Field{
			F(100, "for_object", Short, "Object", "对象", Kept),
			F(101, "format", Short, "Format", "格式", Kept),
			F(102, "created", Int, "Created", "新增数", Kept),
			F(103, "updated", Int, "Updated", "更新数", Kept),
			F(104, "failed", Int, "Failed", "失败数", Kept),
			F(105, "change_set", Lookup, "Change set", "变更集", Kept, To("change_set")),
			F(106, "mapping", JSON, "Columns", "列映射", Kept),
		},
	}
}

func exports() Object {
	return Object{
		ID: 7, Name: "export", Label: Text{"Export", "导出"}, Plural: Text{"Exports", "导出"}, Title: []string{"for_object"}, Subject: "owner", System: true, Written: true,
		Fields: []Field{
			F(100, "for_object", Short, "Object", "对象", Kept),
			F(101, "format", Short, "Format", "格式", Kept),
			F(102, "purpose", Short, "Purpose", "用途", Kept),
			F(103, "rows", Int, "Rows", "行数", Kept),
			F(104, "columns", JSON, "Columns", "列", Kept),
			F(105, "filter", Longtext, "Filter", "筛选条件", Kept, OfPerson), // it may name a customer
			F(106, "options", JSON, "Options", "选项", Kept),
			F(107, "state", Picklist, "State", "状态", Kept, One("ready", "Ready", "就绪", "running", "Running", "进行中", "done", "Done", "完成", "failed", "Failed", "失败")),
		},
	}
}
