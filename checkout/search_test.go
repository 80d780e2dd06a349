package checkout

import "testing"

func TestMaskCard(t *testing.T) {
	for text, want := range map[string]string{
		"4155650000001005": "41556500****1005", "4155 6500 0000 1005": "41556500****1005", "378282246310005": "378282****0005",
		"kart 4155650000001005": "", "4155650000001006": "4155650000001006", "632619000029": "632619000029", "Ayşe": "Ayşe", "": "",
	} {
		if got := MaskCard(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

// A number is no order, and an order is no number: each text is looked for in the ways that it can be meant.
func TestReadPaymentText(t *testing.T) {
	for typed, want := range map[string]PaymentText{
		"4155650000001005":     {BIN: "41556500", Last4: "1005"},
		"415565 1005":          {BIN: "415565", Last4: "1005"},
		"•••• 1005":            {Last4: "1005"},
		"S00029":               {Word: "S00029", Text: "S00029"},
		"ab":                   {Word: "ab"},
		"+90 532 111 22 33":    {Word: "+90 532 111 22 33", Text: "+905321112233"},
		"http://x/p/notatoken": {Word: "http://x/p/notatoken", Text: "http://x/p/notatoken"},
	} {
		got, ok := ReadPaymentText("  " + typed + " ")
		if got.Amounts = nil; !ok || got.ID != want.ID || got.BIN != want.BIN || got.Last4 != want.Last4 || got.Word != want.Word || got.Text != want.Text || got.Token != "" {
			t.Errorf("%q: %+v, want %+v", typed, got, want)
		}
	}
	if _, ok := ReadPaymentText(" \t"); ok {
		t.Error("nothing asks for something")
	}
	if got, _ := ReadPaymentText("1234"); got.Last4 != "1234" || len(got.Amounts) != len(Currencies) || got.Text != "" {
		t.Errorf("four digits: %+v", got)
	}
}
