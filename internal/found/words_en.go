package found

func english() *words {
	w := &words{
		lang: "en", zone: "Europe/London", currency: "EUR", company: "Northlight Instruments", teams: []string{"North", "South"},
		people: [][3]string{
			{"Olivia Hart", "olivia@example.com", "Managing director"},
			{"Marcus Lindqvist", "marcus@example.com", "Head of sales"},
			{"Sofia Keller", "sofia@example.com", "Account manager"},
			{"Tom Okafor", "tom@example.com", "Account manager"},
			{"Priya Nair", "priya@example.com", "Account manager"},
			{"Helen Brandt", "helen@example.com", "Controller"},
		},
		products: []product{
			{"Flow sensor F20", "F20", "Sensors", "piece", 420},
			{"Flow sensor F50", "F50", "Sensors", "piece", 890},
			{"Level gauge L10", "L10", "Sensors", "piece", 360},
			{"Pressure probe P4", "P4", "Sensors", "piece", 275},
			{"Gateway G1", "G1", "Network", "piece", 1150},
			{"Gateway G8", "G8", "Network", "piece", 2900},
			{"Plant dashboard", "SW-D", "Software", "year", 4800},
			{"Energy report", "SW-E", "Software", "year", 3600},
			{"Calibration", "SV-C", "Service", "visit", 650},
			{"Service plan", "SV-P", "Service", "year", 2400},
			{"Training day", "SV-T", "Service", "day", 1300},
			{"Flow sensor F10", "F10", "Sensors", "piece", 310},
		},
		dealName: "%[2]s · %[1]s",
		prefixes: []string{
			"Alder", "Amberly", "Ashdown", "Birchwood", "Blackmoor", "Bridgeway", "Calder", "Cedar", "Clearwater", "Copperfield", "Crestline", "Dovecote", "Eastgate", "Elmhurst", "Fairlight",
			"Fenwick", "Foxglove", "Gable", "Glenrock", "Greystone", "Halcyon", "Harrow", "Hazel", "Highfield", "Ironbridge", "Juniper", "Kestrel", "Kingsley", "Lakeside", "Larkspur",
			"Linden", "Longmead", "Marlow", "Meridian", "Millbrook", "Norwood", "Oakridge", "Orchard", "Penrose", "Quarry", "Redfern", "Ridgeway", "Rosewell", "Rowan", "Saltmarsh",
			"Seabright", "Silverdale", "Stonegate", "Summerlin", "Tamarack", "Thornbury", "Tidewater", "Valleyfield", "Westbourne", "Whitcombe", "Willow", "Windmere", "Wolden", "Yarrow",
		},
		forms: []string{"Ltd", "", "GmbH", "Inc", "", "BV", "SA", "AB"},
		trades: map[string][]string{
			"technology": {"Technologies", "Robotics", "Devices"}, "software": {"Software", "Systems", "Labs"}, "medical": {"Health", "Clinics", "Medical"}, "retail": {"Stores", "Market", "Outfitters"},
			"entertainment": {"Studios", "Theatres", "Games"}, "marketing": {"Media", "Brands", "Agency"}, "telecommunications": {"Telecom", "Networks", "Mobile"}, "finance": {"Bank", "Capital", "Insurance"},
			"employment": {"Talent", "Staffing", "Careers"}, "services": {"Consulting", "Services", "Partners"}, "manufacturing": {"Works", "Foundry", "Mills"}, "education": {"Academy", "College", "Schools"},
			"energy": {"Energy", "Power", "Solar"}, "real_estate": {"Estates", "Properties", "Homes"}, "logistics": {"Freight", "Logistics", "Haulage"}, "public_sector": {"Council", "Water Board", "Museums"},
			"other": {"Group", "Holdings", "Trading"},
		},
		cities: [][2]string{
			{"London", "United Kingdom"},
			{"Leeds", "United Kingdom"},
			{"Bristol", "United Kingdom"},
			{"Dublin", "Ireland"},
			{"Berlin", "Germany"},
			{"Hamburg", "Germany"},
			{"Bonn", "Germany"},
			{"Lyon", "France"},
			{"Lille", "France"},
			{"Utrecht", "Netherlands"},
			{"Ghent", "Belgium"},
			{"Turin", "Italy"},
			{"Porto", "Portugal"},
			{"Malmö", "Sweden"},
			{"Aarhus", "Denmark"},
			{"Graz", "Austria"},
		},
		streets: []string{"%d Mill Lane", "%d Harbour Road", "%d Station Street", "%d Orchard Close", "%d Canal Walk", "%d Market Square"},
		firsts: []string{
			"Ada", "Adrian", "Alice", "Amara", "Anders", "Anna", "Ben", "Bruno", "Carla", "Chloe", "Clara", "Daniel", "David", "Diana", "Edith", "Elena", "Emil", "Emma", "Erik", "Eva",
			"Felix", "Finn", "Flora", "Frida", "George", "Grace", "Hannah", "Hugo", "Ines", "Irene", "Ivan", "Jack", "Jana", "Jonas", "Julia", "Karim", "Kate", "Laura", "Leo", "Lina",
			"Louis", "Lucy", "Maria", "Martin", "Maya", "Mina", "Nadia", "Nils", "Nora", "Oscar", "Paul", "Petra", "Rosa", "Samuel", "Sara", "Simon", "Stella", "Theo", "Vera", "Yusuf",
		},
		lasts: []string{
			"Abbott", "Adeyemi", "Andersson", "Bailey", "Barros", "Becker", "Berg", "Carter", "Conti", "Costa", "Dahl", "Davies", "Dubois", "Evans", "Fischer", "Fontaine", "Fuchs", "Garcia", "Gray", "Hansen",
			"Hoffmann", "Holm", "Hughes", "Ivers", "Jansen", "Keane", "Khan", "Klein", "Kovacs", "Larsen", "Lehmann", "Lopez", "Marsh", "Mendes", "Meyer", "Morris", "Murphy", "Nilsson", "Novak", "Olsen",
			"Osei", "Palmer", "Peeters", "Quinn", "Ricci", "Roberts", "Rossi", "Santos", "Schmidt", "Shah", "Silva", "Sorensen", "Stone", "Thomas", "Vogel", "Walsh", "Weber", "Winter", "Wright", "Young",
		},
		positions: map[string][]string{
			"decision_maker": {"Managing director", "Plant manager", "Head of operations"}, "evaluator": {"Process engineer", "Technical buyer", "Head of maintenance"},
			"influencer": {"Energy manager", "Quality manager", "Consultant"}, "user": {"Shift lead", "Operator", "Maintenance engineer"}, "sponsor": {"Chief technology officer", "Chief operating officer", "Board member"},
		},
		departments: []string{"Operations", "Purchasing", "Engineering", "Maintenance", "Quality", "Finance"},
	}
	w.say()
	return w
}

// say fills in what people write.
func (w *words) say() {
	w.about = []string{
		"Three plants, one of them new. Buys through a central purchasing team.", "Family business in the fourth generation. Decisions take time and then hold.",
		"Came to us from a competitor after a long outage.", "Grows fast; the plant manager wants everything on one dashboard.", "Pays within ten days, without exception.",
	}
	w.wishes = []string{
		"Wants to replace meters that are read by hand.", "Looks for a supplier who also does the calibration.", "Energy costs went up by a third; needs to see where.",
		"Has to prove water use to the authority from next year on.", "Builds a second line and wants the same sensors on both.", "Asked for a comparison with the meters they have.",
	}
	w.reasons = []string{"Price", "Chose another supplier", "No budget this year", "Delivery takes too long", "A function is missing", "No answer any more", "The project was stopped"}
	w.rivals = []string{"Metrona", "Flowtec Nord", "Pulsar Gauges", "Basalt Controls"}
	w.next = []string{"Call and ask about the plant", "Send the comparison", "Agree on a test with two sensors", "Send the offer", "Talk about terms with purchasing"}
	w.subjects = []string{"First talk", "What they need", "About the budget", "After the visit", "Feedback on the test", "Who decides"}
	w.notes = []string{
		"They read **42 meters** by hand, every Monday. It takes half a day.", "Budget is there, but has to be spent before the end of the quarter.",
		"The plant manager likes the dashboard. Purchasing wants to see:\n\n- delivery times\n- prices for 50 and more\n- references", "They had trouble with gauges in hot water. Ours are certified to 120 °C; sent the certificate.",
		"The test ran for two weeks without a gap. They measure again after the maintenance stop.", "Decision is made by three people: plant, purchasing, finance. We know two of them.",
	}
	w.calls = []string{"Asked about the offer", "Introduction", "Question about delivery", "Follow-up after the visit", "Called back about the test"}
	w.said = []string{
		"They have read the offer and have two questions about the service plan. Answer by Thursday.", "Interested; wants to see a plant that runs with our sensors.",
		"Delivery in six weeks is fine for them.", "Agreed to test two sensors on the cooling line.", "Purchasing needs a price for fifty pieces.", "The decision moves to next month.",
	}
	w.places = []string{"At their plant", "Our office, room 2", "Trade fair, hall 4", "At their head office"}
	w.meetings = []string{"Visit to %s", "Presentation for %s", "Test results with %s", "Terms with %s"}
	w.tasks = []string{"Send the offer: %s", "Call back: %s", "Prepare the visit: %s", "Get a reference: %s", "Check delivery times: %s"}
	w.papers = []string{"Offer for %s", "Data sheet for %s", "Contract for %s", "Minutes about %s"}
}
