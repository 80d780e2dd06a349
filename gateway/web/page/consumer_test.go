//go:build !race

package page

import (
	"slices"
	"strings"
	"testing"
)

// consumerPage is a page of one sale as it is served, and its elements.
func consumerPage(t *testing.T, lang string, v Variant) (string, []tag) {
	t.Helper()
	html, err := newTestPages(t).AppendCheckout(nil, Key{lang, shop, usual | v}, &sampleCheckout)
	if err != nil {
		t.Fatal(err)
	}
	return string(html), parse(t, lang, string(html))
}

func checkboxes(tags []tag) (all []tag) {
	for _, g := range find(tags, "input") {
		if g.attr["type"] == "checkbox" {
			all = append(all, g)
		}
	}
	return all
}

func names(tags []tag) (all []string) {
	for _, g := range tags {
		all = append(all, g.attr["name"])
	}
	return all
}

// F1: a collection asks for nothing and says nothing of a contract.
func TestUX_F1_OnlyAConsumerSaleAsksForConsent(t *testing.T) {
	for lang, words := range map[string][]string{"tr": {"bilgilendirme formu", "esafeli satış", "ödeme yükümlülüğü"}, "en": {"information form", "istance sales", "obligation to pay"}} {
		html, tags := consumerPage(t, lang, 0)
		if boxes := checkboxes(tags); len(boxes) > 0 {
			t.Errorf("%s: a collection has the boxes %q", lang, names(boxes))
		}
		sold, _ := consumerPage(t, lang, VariantConsumer)
		for _, w := range words {
			if strings.Contains(html, w) || !strings.Contains(sold, w) {
				t.Errorf("%s: %q: on a collection %v, on a sale %v", lang, w, strings.Contains(html, w), strings.Contains(sold, w))
			}
		}
		collects := newTestPages(t).Locale(lang).Raw("pay.collection")
		if !strings.Contains(html, collects) || strings.Contains(sold, collects) {
			t.Errorf("%s: the sentence that no contract is made is not on collections alone", lang)
		}
	}
}

// F2: two boxes, not ticked, each with its text behind a summary and a link that leaves the form in its tab.
func TestUX_F2_TwoBoxesNeverTickedWithTheirTexts(t *testing.T) {
	html, tags := consumerPage(t, "tr", VariantConsumer)
	boxes := checkboxes(tags)
	if got, want := names(boxes), []string{"consent_pre_information", "consent_distance_sale"}; !slices.Equal(got, want) {
		t.Fatalf("boxes %q, want %q", got, want)
	}
	for _, b := range boxes {
		_, ticked := b.attr["checked"]
		_, required := b.attr["required"]
		if ticked || !required || b.attr["value"] != "yes" {
			t.Errorf("box %v", b.attr)
		}
		at := "?text=" + strings.TrimPrefix(b.attr["name"], "consent_") + "&amp;lang=tr"
		if i := slices.IndexFunc(find(tags, "a"), func(a tag) bool { return a.attr["href"] == at && a.attr["target"] == "_blank" }); i < 0 {
			t.Errorf("no way to %s in another tab", at)
		}
	}
	if n := strings.Count(html, "<details><summary>"); n < 3 {
		t.Errorf("%d texts open in place", n)
	}
}

// F2: words that are agreed to have at least 12 points, which are 16 pixels.
func TestUX_F2_TwelvePoints(t *testing.T) {
	css := string(newTestPages(t).Assets().ByName("app.css").Body)
	for _, rule := range []string{".agree label{", ".agree summary{"} {
		_, of, found := strings.Cut(css, rule)
		of, _, _ = strings.Cut(of, "}")
		if !found || !strings.Contains(of, "font-size:1rem") {
			t.Errorf("%s… has no size of 16 pixels: %q", rule, of)
		}
	}
	if _, of, _ := strings.Cut(css, ".words{"); strings.HasPrefix(of, "font") {
		t.Error("the texts have a size of their own, not the page's 16 pixels")
	}
}

// F3: the sentence stands right at the button.
func TestUX_F3_TheDutyStandsAtTheButton(t *testing.T) {
	for lang, duty := range map[string]string{"tr": "Siparişi onaylamanız ödeme yükümlülüğü doğurur.", "en": "By confirming the order you take on an obligation to pay."} {
		html, _ := consumerPage(t, lang, VariantConsumer)
		_, after, _ := strings.Cut(html, `<button class="go" id="go">`)
		_, after, _ = strings.Cut(after, "</button>")
		if !strings.HasPrefix(strings.TrimSpace(after), `<p class="strong mid">`+duty+"</p>") {
			t.Errorf("%s: behind the button stands %.120q", lang, after)
		}
	}
}

// F5: what becomes of personal data is told, and no box.
func TestUX_F5_TheNoticeIsALink(t *testing.T) {
	for _, v := range []Variant{0, VariantConsumer, VariantConsumer | VariantAds} {
		_, tags := consumerPage(t, "tr", v)
		for _, name := range names(checkboxes(tags)) {
			if strings.Contains(name, "privacy") || strings.Contains(name, "kvkk") {
				t.Errorf("variant %d: a box %s", v, name)
			}
		}
		if i := slices.IndexFunc(find(tags, "a"), func(a tag) bool { return a.attr["href"] == shop.NoticeURL }); i < 0 {
			t.Errorf("variant %d: no link to the notice", v)
		}
	}
}

// F6: advertising has a box of its own that nobody has to tick.
func TestUX_F6_AdvertisingIsOptional(t *testing.T) {
	_, tags := consumerPage(t, "tr", VariantConsumer|VariantAds)
	boxes := checkboxes(tags)
	if len(boxes) != 3 || boxes[2].attr["name"] != "consent_advertising" {
		t.Fatalf("boxes %q", names(boxes))
	}
	for _, a := range []string{"checked", "required", "data-no"} {
		if _, is := boxes[2].attr[a]; is {
			t.Errorf("advertising is %s", a)
		}
	}
}

// A2 at its fullest: also where a consumer buys and everything is asked.
func TestA02_FirstViewOfAConsumerSaleFits(t *testing.T) {
	p := newTestPages(t)
	for _, lang := range p.Languages() {
		v := sampleCheckout
		v.Terms += "abcdefghijkl"
		html, err := p.AppendCheckoutGzip(nil, Key{lang, shop, variantFull | VariantConsumer | VariantAds}, &v)
		if err != nil {
			t.Fatal(err)
		}
		size := len(html) + len(ThemeCSS(shop.Accent))
		for _, name := range []string{"app.css", inLanguage("app.js", lang), "marks.svg", "icon.svg"} {
			size += len(p.Assets().ByName(name).Gzip())
		}
		t.Logf("%s: %d bytes, the page %d", lang, size, len(html))
		if size > firstViewBudget {
			t.Errorf("first view of a consumer sale in %s is %d bytes, more than %d", lang, size, firstViewBudget)
		}
	}
}

// A plan that is not offered is a mistake of the radios' group, which is tied to its sentence (D2); only a group of radios
// may be called wrong.
func TestAMistakeOfThePlanStandsAtItsGroup(t *testing.T) {
	p := newTestPages(t)
	for _, errs := range [][]FieldError{nil, {{Field: "installments", Code: "installments_not_offered", N: 7}}} {
		html, err := p.Render("en", &CheckoutPage{Head: Head{Theme: shop, Self: "/p/x"}, Variant: usual, Checkout: sampleCheckout, Errors: errs})
		if err != nil {
			t.Fatal(err)
		}
		want := ""
		if errs != nil {
			want = ` role="radiogroup" aria-invalid="true" aria-describedby="installments-e"`
		}
		if !strings.Contains(string(html), `id="installments" tabindex="-1"`+want+`><legend>`) || strings.Contains(string(html), `<p class="err" id="installments-e">`) != (errs != nil) {
			t.Errorf("%d mistakes: the group is not told of as that", len(errs))
		}
	}
}

// The boxes that were ticked come back ticked with a mistake elsewhere, and the mistake stands at its box.
func TestAMistakeKeepsTheOtherConsent(t *testing.T) {
	p := newTestPages(t)
	html, err := p.Render("tr", &CheckoutPage{Head: Head{Theme: shop, Self: "/p/x"}, Variant: usual | VariantConsumer, Checkout: sampleCheckout,
		Typed: Typed{Consents: []string{"pre_information"}}, Errors: []FieldError{{Field: "consent_distance_sale", Code: "consent_required"}}})
	if err != nil {
		t.Fatal(err)
	}
	boxes := checkboxes(parse(t, "errors", string(html)))
	_, first := boxes[0].attr["checked"]
	_, second := boxes[1].attr["checked"]
	if !first || second || boxes[1].attr["aria-invalid"] != "true" || boxes[0].attr["aria-invalid"] != "" {
		t.Errorf("boxes %v %v", boxes[0].attr, boxes[1].attr)
	}
	const mistake = "Mesafeli satış sözleşmesini okuyup kutuyu işaretleyin."
	if !strings.Contains(string(html), `<p class="err" id="consent_distance_sale-e">`+mistake) || !strings.Contains(string(html), `<a href="#consent_distance_sale">`+mistake) {
		t.Error("the mistake is not at its box and in the list")
	}
}
