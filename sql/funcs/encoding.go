package funcs

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/japanese"
	"golang.org/x/text/encoding/korean"
	"golang.org/x/text/encoding/simplifiedchinese"
	"golang.org/x/text/encoding/traditionalchinese"
	"golang.org/x/text/unicode/norm"

	"zorya/pgerr"
	"zorya/sql/types"
)

// A charset is an encoding as PostgreSQL numbers and names it.
type charset struct {
	id      int64
	name    string
	aliases string // lower case, letters and digits only
	width   int64  // bytes of the longest character
	code    encoding.Encoding
}

// Encodings that no conversion is built for.
const (
	sqlASCII = 0
	utf8ID   = 6
	muleID   = 7
)

// charsets are PostgreSQL's encodings. Those without code are known by name only.
var charsets = []charset{
	{sqlASCII, "SQL_ASCII", "", 1, nil},
	{1, "EUC_JP", "", 3, japanese.EUCJP},
	{2, "EUC_CN", "", 3, simplifiedchinese.GBK},
	{3, "EUC_KR", "", 3, korean.EUCKR},
	{4, "EUC_TW", "", 4, nil},
	{5, "EUC_JIS_2004", "", 3, nil},
	{utf8ID, "UTF8", "unicode", 4, nil},
	{muleID, "MULE_INTERNAL", "", 4, nil},
	{8, "LATIN1", "iso88591", 1, charmap.ISO8859_1},
	{9, "LATIN2", "iso88592", 1, charmap.ISO8859_2},
	{10, "LATIN3", "iso88593", 1, charmap.ISO8859_3},
	{11, "LATIN4", "iso88594", 1, charmap.ISO8859_4},
	{12, "LATIN5", "iso88599", 1, charmap.ISO8859_9},
	{13, "LATIN6", "iso885910", 1, charmap.ISO8859_10},
	{14, "LATIN7", "iso885913", 1, charmap.ISO8859_13},
	{15, "LATIN8", "iso885914", 1, charmap.ISO8859_14},
	{16, "LATIN9", "iso885915", 1, charmap.ISO8859_15},
	{17, "LATIN10", "iso885916", 1, charmap.ISO8859_16},
	{18, "WIN1256", "windows1256", 1, charmap.Windows1256},
	{19, "WIN1258", "abc tcvn tcvn5712 vscii windows1258", 1, charmap.Windows1258},
	{20, "WIN866", "alt windows866", 1, charmap.CodePage866},
	{21, "WIN874", "windows874", 1, charmap.Windows874},
	{22, "KOI8R", "koi8", 1, charmap.KOI8R},
	{23, "WIN1251", "win windows1251", 1, charmap.Windows1251},
	{24, "WIN1252", "windows1252", 1, charmap.Windows1252},
	{25, "ISO_8859_5", "", 1, charmap.ISO8859_5},
	{26, "ISO_8859_6", "", 1, charmap.ISO8859_6},
	{27, "ISO_8859_7", "", 1, charmap.ISO8859_7},
	{28, "ISO_8859_8", "", 1, charmap.ISO8859_8},
	{29, "WIN1250", "windows1250", 1, charmap.Windows1250},
	{30, "WIN1253", "windows1253", 1, charmap.Windows1253},
	{31, "WIN1254", "windows1254", 1, charmap.Windows1254},
	{32, "WIN1255", "windows1255", 1, charmap.Windows1255},
	{33, "WIN1257", "windows1257", 1, charmap.Windows1257},
	{34, "KOI8U", "", 1, charmap.KOI8U},
	{35, "SJIS", "mskanji shiftjis win932 windows932", 2, japanese.ShiftJIS},
	{36, "BIG5", "win950 windows950", 2, traditionalchinese.Big5},
	{37, "GBK", "win936 windows936", 2, simplifiedchinese.GBK},
	{38, "UHC", "win949 windows949", 2, korean.EUCKR},
	{39, "GB18030", "", 4, simplifiedchinese.GB18030},
	{40, "JOHAB", "", 3, nil},
	{41, "SHIFT_JIS_2004", "", 2, nil},
}

var charsetNames = map[string]*charset{}

func init() {
	for i := range charsets {
		c := &charsets[i]
		charsetNames[cleanName(c.name)] = c
		for alias := range strings.FieldsSeq(c.aliases) {
			charsetNames[alias] = c
		}
	}
}

// cleanName is a name of an encoding without what does not matter in it.
func cleanName(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z' || r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return -1
	}, s)
}

// encodingKernels: conversions between encodings, and Unicode's normal forms.
// Text is always UTF8 here; any other encoding is one of bytea.
func encodingKernels() kernels {
	s, n := textLane, intLane
	return merge(normalForms(), asciiKernels(), kernels{
		"pg_convert": scalar(func(a []types.Datum) (types.Datum, error) {
			v, err := convertBytes(a[0].S, a[1].S, a[2].S)
			return types.NewText(v), err
		}),
		"pg_convert_from": lift2(s, s, s, func(v, from string) (string, error) { return convertBytes(v, from, "UTF8") }),
		"pg_convert_to":   lift2(s, s, s, func(v, to string) (string, error) { return convertBytes(v, "UTF8", to) }),
		"length_in_encoding": lift2(s, s, n, func(v, name string) (int64, error) {
			c := charsetNames[cleanName(name)]
			if c == nil {
				return 0, pgerr.New(pgerr.InvalidParameterValue, "invalid encoding name \"%s\"", name)
			}
			return c.verify(v)
		}),
		"PG_encoding_to_char": pure1(n, s, func(id int64) string {
			if id < 0 || id >= int64(len(charsets)) {
				return ""
			}
			return charsets[id].name
		}),
		"PG_char_to_encoding": pure1(s, n, func(name string) int64 {
			if c := charsetNames[cleanName(name)]; c != nil {
				return c.id
			}
			return -1
		}),
		"pg_encoding_max_length_sql": scalar(func(a []types.Datum) (types.Datum, error) {
			if id := a[0].I; id >= 0 && id < int64(len(charsets)) {
				return types.NewInt(charsets[id].width), nil
			}
			return types.Null, nil
		}),
	})
}

// convertBytes is convert(): bytes of one encoding in another.
func convertBytes(v, fromName, toName string) (string, error) {
	from, to := charsetNames[cleanName(fromName)], charsetNames[cleanName(toName)]
	switch {
	case from == nil:
		return "", pgerr.New(pgerr.InvalidParameterValue, "invalid source encoding name \"%s\"", fromName)
	case to == nil:
		return "", pgerr.New(pgerr.InvalidParameterValue, "invalid destination encoding name \"%s\"", toName)
	case v == "":
		return "", nil
	}
	if _, err := from.verify(v); err != nil {
		return "", err
	}
	switch {
	case from == to || to.id == sqlASCII:
		return v, nil
	case from.id == sqlASCII:
		_, err := to.verify(v)
		return v, err
	}
	viaUTF8 := from.id == utf8ID && to.id != muleID || to.id == utf8ID && from.id != muleID
	if !viaUTF8 && !directPairs[from.name][to.name] {
		return "", pgerr.New(pgerr.UndefinedFunction, "default conversion function for encoding \"%s\" to \"%s\" does not exist", from.name, to.name)
	}
	text, err := from.decode(v)
	if err != nil {
		return "", err
	}
	return to.encode(text)
}

// EncodingName is PostgreSQL's name of an encoding, given a name or alias; "" if there is
// none of that name.
func EncodingName(name string) string {
	if c := charsetNames[cleanName(name)]; c != nil {
		return c.name
	}
	return ""
}

// Recode is text of one encoding in another.
func Recode(v, from, to string) (string, error) { return convertBytes(v, from, to) }

// directPairs are the encodings between which PostgreSQL converts without
// saying UTF8.
var directPairs = pairs(
	"KOI8R WIN1251 WIN866 ISO_8859_5 MULE_INTERNAL", "EUC_JP SJIS MULE_INTERNAL", "LATIN2 WIN1250 MULE_INTERNAL",
	"EUC_TW BIG5 MULE_INTERNAL", "EUC_CN MULE_INTERNAL", "EUC_KR MULE_INTERNAL", "LATIN1 MULE_INTERNAL",
	"LATIN3 MULE_INTERNAL", "LATIN4 MULE_INTERNAL", "EUC_JIS_2004 SHIFT_JIS_2004",
)

func pairs(families ...string) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, f := range families {
		names := strings.Fields(f)
		for _, a := range names {
			if out[a] == nil {
				out[a] = map[string]bool{}
			}
			for _, b := range names {
				out[a][b] = true
			}
		}
	}
	return out
}

// decode returns the text that well-formed bytes mean. An encoding that is not built
// in passes ASCII only.
func (c *charset) decode(v string) (string, error) {
	if c.id == utf8ID || isASCII(v) {
		return v, nil
	}
	if c.code == nil {
		return "", c.badBytes(v[:1])
	}
	if single, ok := c.code.(*charmap.Charmap); ok {
		var b strings.Builder
		for i := range len(v) {
			r := single.DecodeByte(v[i])
			if v[i] < 0xa0 && v[i] >= 0x80 && c.isISO() {
				r = rune(v[i])
			}
			if r == utf8.RuneError {
				return "", untranslatable(v[i:i+1], c.name, "UTF8")
			}
			b.WriteRune(r)
		}
		return b.String(), nil
	}
	text, err := c.code.NewDecoder().String(v)
	if err != nil || strings.ContainsRune(text, utf8.RuneError) {
		return "", untranslatable(c.firstUnknown(v), c.name, "UTF8")
	}
	return text, nil
}

// isISO tells the encodings that have the control characters from 0x80 to 0x9f
// where Unicode has them.
func (c *charset) isISO() bool {
	return strings.HasPrefix(c.name, "LATIN") || strings.HasPrefix(c.name, "ISO_")
}

// firstUnknown finds the first character that has no meaning.
func (c *charset) firstUnknown(v string) string {
	for v != "" {
		char, _ := c.next(v)
		if text, err := c.code.NewDecoder().String(char); err != nil || strings.ContainsRune(text, utf8.RuneError) {
			return char
		}
		v = v[len(char):]
	}
	return ""
}

func (c *charset) encode(text string) (string, error) {
	if c.id == utf8ID || isASCII(text) {
		return text, nil
	}
	if single, ok := c.code.(*charmap.Charmap); ok {
		out := make([]byte, 0, len(text))
		for _, r := range text {
			b, ok := single.EncodeRune(r)
			if r >= 0x80 && r < 0xa0 && c.isISO() {
				b, ok = byte(r), true
			}
			if !ok {
				return "", untranslatable(string(r), "UTF8", c.name)
			}
			out = append(out, b)
		}
		return string(out), nil
	}
	var b strings.Builder
	for _, r := range text {
		if c.code == nil {
			return "", untranslatable(string(r), "UTF8", c.name)
		}
		one, err := c.code.NewEncoder().String(string(r))
		if err != nil || strings.HasPrefix(c.name, "EUC_CN") && len(one) == 2 && (one[0] < 0xa1 || one[1] < 0xa1) {
			return "", untranslatable(string(r), "UTF8", c.name)
		}
		b.WriteString(one)
	}
	return b.String(), nil
}

func hexBytes(v string) string {
	parts := make([]string, len(v))
	for i := range len(v) {
		parts[i] = fmt.Sprintf("0x%02x", v[i])
	}
	return strings.Join(parts, " ")
}

func (c *charset) badBytes(v string) error {
	return pgerr.New(pgerr.CharacterNotInRepertoire, "invalid byte sequence for encoding \"%s\": %s", c.name, hexBytes(v))
}

func untranslatable(v, from, to string) error {
	return pgerr.New(pgerr.UntranslatableCharacter, "character with byte sequence %s in encoding \"%s\" has no equivalent in encoding \"%s\"",
		hexBytes(v), from, to)
}

func normalForms() kernels {
	forms := map[string]norm.Form{"NFC": norm.NFC, "NFD": norm.NFD, "NFKC": norm.NFKC, "NFKD": norm.NFKD}
	form := func(name string) (norm.Form, error) {
		f, ok := forms[strings.ToUpper(name)]
		if !ok {
			return f, pgerr.New(pgerr.InvalidParameterValue, "invalid normalization form: %s", name)
		}
		return f, nil
	}
	return kernels{
		"unicode_normalize_func": {
			defaults: []types.Datum{types.NewText("NFC")},
			eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) {
				f, err := form(a[1].S)
				return types.NewText(f.String(a[0].S)), err
			},
		},
		"unicode_is_normalized": {
			defaults: []types.Datum{types.NewText("NFC")},
			eval: func(_ *Ctx, a []types.Datum) (types.Datum, error) {
				f, err := form(a[1].S)
				return types.NewBool(f.IsNormalString(a[0].S)), err
			},
		},
	}
}

// plainLetters are, by encoding, what to_ascii makes of the bytes from the first
// one on; those between 0x80 and it become spaces.
var plainLetters = map[string]struct {
	first   int
	letters string
}{
	"LATIN1":  {160, "  cL Y  \"Ca  -R     'u .,      ?AAAAAAACEEEEIIII NOOOOOxOUUUUYTBaaaaaaaceeeeiiii nooooo/ouuuuyty"},
	"LATIN2":  {160, " A L LS \"SSTZ-ZZ a,l'ls ,sstz\"zzRAAAALCCCEEEEIIDDNNOOOOxRUUUUYTBraaaalccceeeeiiddnnoooo/ruuuuyt."},
	"LATIN9":  {160, "  cL YS sCa  -R     Zu .z   EeY?AAAAAAACEEEEIIII NOOOOOxOUUUUYTBaaaaaaaceeeeiiii nooooo/ouuuuyty"},
	"WIN1250": {128, "  ' \"    %S<STZZ `'\"\".--  s>stzz   L A  \"CS  -RZ  ,l'u .,as L\"lzRAAAALCCCEEEEIIDDNNOOOOxRUUUUYTBraaaalccceeeeiiddnnoooo/ruuuuyt "},
}

func asciiKernels() kernels {
	plain := func(v string, c *charset) (types.Datum, error) {
		t, ok := plainLetters[c.name]
		if !ok {
			return types.Null, pgerr.New(pgerr.FeatureNotSupported, "encoding conversion from %s to ASCII not supported", c.name)
		}
		out := []byte(v)
		for i, b := range out {
			switch {
			case b < utf8.RuneSelf:
			case int(b) < t.first:
				out[i] = ' '
			default:
				out[i] = t.letters[int(b)-t.first]
			}
		}
		return types.NewText(string(out)), nil
	}
	return kernels{
		"to_ascii_default": scalar(func(a []types.Datum) (types.Datum, error) { return plain(a[0].S, &charsets[utf8ID]) }),
		"to_ascii_enc": scalar(func(a []types.Datum) (types.Datum, error) {
			if id := a[1].I; id < 0 || id >= int64(len(charsets)) {
				return types.Null, pgerr.New(pgerr.UndefinedObject, "%d is not a valid encoding code", id)
			}
			return plain(a[0].S, &charsets[a[1].I])
		}),
		"to_ascii_encname": scalar(func(a []types.Datum) (types.Datum, error) {
			c := charsetNames[cleanName(a[1].S)]
			if c == nil {
				return types.Null, pgerr.New(pgerr.UndefinedObject, "%s is not a valid encoding name", a[1].S)
			}
			return plain(a[0].S, c)
		}),
	}
}
