package found

// StageSeed is a stage of the sales process that a new organisation begins with.
type StageSeed struct {
	Name, NameZh, Outcome, Probability string
}

// PipelineName is the name of the sales process that a new organisation begins with.
func PipelineName(lang string) string {
	if lang == "zh" {
		return "标准销售流程"
	}
	return "Sales"
}

// Stages returns the stages of that process, in order.
func Stages() []StageSeed {
	return []StageSeed{
		{"Prospecting", "初步接洽", "open", "10"},
		{"Qualification", "需求确认", "open", "25"},
		{"Engaging", "深入沟通", "open", "40"},
		{"Proposal", "方案报价", "open", "60"},
		{"Negotiation", "商务谈判", "open", "80"},
		{"Won", "赢单", "won", "100"},
		{"Lost", "输单", "lost", "0"},
		{"Abandoned", "无效", "abandoned", "0"},
	}
}
