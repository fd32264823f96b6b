package script

import (
	"encoding/csv"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// writeTwin makes files of the same shape as the real export, with its oddities: a misspelt sector, a
// product under two spellings, deals without a company, an end or a value, and subsidiaries named
// before their parents.
func writeTwin(dir string, seed uint64, deals int) error {
	r := rand.New(rand.NewPCG(seed, 1))
	sectors := []string{"technolgy", "medical", "retail", "software"}
	products := [][]string{{"product", "series", "sales_price"}, {"GTX Pro", "GTX", "4821"}, {"MG Special", "MG", "55"}}
	accounts := [][]string{{"account", "sector", "year_established", "revenue", "employees", "office_location", "subsidiary_of"}}
	for i := range 25 {
		parent := ""
		if i%6 == 0 {
			parent = fmt.Sprintf("Twinfirm Nr%d", (i+9)%25)
		}
		accounts = append(accounts, []string{
			fmt.Sprintf("Twinfirm Nr%d", i), sectors[r.IntN(len(sectors))], strconv.Itoa(1980 + r.IntN(40)),
			fmt.Sprintf("%d.%02d", r.IntN(5000), r.IntN(100)), strconv.Itoa(r.IntN(9000)), "Twinland", parent,
		})
	}
	pipeline := [][]string{{"opportunity_id", "sales_agent", "product", "account", "deal_stage", "engage_date", "close_date", "close_value"}}
	for i := range deals {
		row := []string{fmt.Sprintf("TWIN%04d", i), fmt.Sprintf("Agent Surname%d", r.IntN(9)), []string{"GTXPro", "MG Special"}[r.IntN(2)], accounts[1+r.IntN(25)][0], "", "", "", ""}
		switch r.IntN(4) {
		case 0:
			row[4], row[3] = "Prospecting", ""
		case 1:
			row[4], row[5] = "Engaging", "2025-03-01"
		case 2:
			row[4], row[5], row[6], row[7] = "Lost", "2025-03-01", "2025-04-02", "0"
		default:
			row[4], row[5], row[6], row[7] = "Won", "2025-03-01", "2025-05-06", strconv.Itoa(r.IntN(30000))
		}
		pipeline = append(pipeline, row)
	}
	for name, rows := range map[string][][]string{"products.csv": products, "accounts.csv": accounts, "sales_pipeline.csv": pipeline} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if err := csv.NewWriter(f).WriteAll(rows); err != nil {
			return err
		}
		if err := f.Close(); err != nil {
			return err
		}
	}
	return nil
}

// revenue adds up what was won in each sector, from the files alone.
func revenue(dir string) (map[string]int, error) {
	accounts, err := read(filepath.Join(dir, "accounts.csv"))
	if err != nil {
		return nil, err
	}
	sector := map[string]string{}
	for _, row := range accounts {
		sector[row[0]] = row[1]
		if row[1] == "technolgy" {
			sector[row[0]] = "technology"
		}
	}
	deals, err := read(filepath.Join(dir, "sales_pipeline.csv"))
	if err != nil {
		return nil, err
	}
	sum := map[string]int{}
	for _, row := range deals {
		if row[4] == "Won" {
			n, err := strconv.Atoi(row[7])
			if err != nil {
				return nil, err
			}
			sum[sector[row[3]]] += n
		}
	}
	return sum, nil
}

func read(path string) ([][]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	return rows[1:], nil
}
