package session

import (
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"zorya/pgerr"
	"zorya/profile"
	"zorya/sql/funcs"
	"zorya/sql/plan"
	"zorya/sql/types"
)

// A setting is a configuration parameter: what it is by default and which values
// it takes. canon returns the value in the form in which SHOW prints it.
type setting struct {
	name     string // as SHOW spells it
	def      string
	report   bool // told to the client by ParameterStatus
	readOnly bool
	inert    bool   // remembered, and changes nothing
	extra    bool   // not a parameter of PostgreSQL 16, and so not of the original
	kind     string // vartype of pg_settings; "": string
	unit     string
	canon    func(s *settings, value string) (string, error)
}

// settingList holds every parameter that SHOW and current_setting know. Which of
// them may be set is the profile's to say.
var settingList = []setting{
	{name: "application_name", report: true, canon: canonName},
	{name: "bytea_output", def: "hex", kind: "enum", canon: oneOf("hex", "escape")},
	{name: "client_encoding", def: "UTF8", report: true, canon: canonEncoding},
	{name: "client_min_messages", def: "notice", kind: "enum", canon: oneOf("debug5", "debug4", "debug3", "debug2", "debug1", "debug", "log", "info", "notice", "warning", "error")},
	{name: "DateStyle", def: "ISO, MDY", report: true, canon: canonDateStyle},
	{name: "default_transaction_isolation", def: "repeatable read", kind: "enum", canon: oneOf("serializable", "repeatable read", "read committed", "read uncommitted")},
	{name: "default_transaction_read_only", def: "off", report: true, kind: "bool", canon: canonBool},
	{name: "disable_sync_create_index", def: "on", kind: "bool", canon: canonBool},
	{name: "dsql.enable_batched_nestloop", def: "on", kind: "bool", canon: canonBool},
	{name: "enable_bitmapscan", def: "on", kind: "bool", canon: canonBool},
	{name: "enable_hashagg", def: "on", kind: "bool", canon: canonBool},
	{name: "enable_hashjoin", def: "on", kind: "bool", canon: canonBool},
	{name: "enable_indexonlyscan", def: "on", kind: "bool", canon: canonBool},
	{name: "enable_indexscan", def: "on", kind: "bool", canon: canonBool},
	{name: "enable_material", def: "on", kind: "bool", canon: canonBool},
	{name: "enable_mergejoin", def: "on", kind: "bool", canon: canonBool},
	{name: "enable_nestloop", def: "on", kind: "bool", canon: canonBool},
	{name: "enable_seqscan", def: "on", kind: "bool", canon: canonBool},
	{name: "enable_sort", def: "on", kind: "bool", canon: canonBool},
	{name: "extra_float_digits", def: "1", kind: "integer", canon: canonInt("extra_float_digits", -15, 3)},
	{name: "idle_in_transaction_session_timeout", def: "0", kind: "integer", unit: "ms", canon: canonDuration("idle_in_transaction_session_timeout")},
	{name: "in_hot_standby", def: "off", kind: "bool", report: true, readOnly: true},
	{name: "integer_datetimes", def: "on", kind: "bool", report: true, readOnly: true},
	{name: "IntervalStyle", def: "postgres", report: true, kind: "enum", canon: oneOf("postgres", "postgres_verbose", "sql_standard", "iso_8601")},
	{name: "is_superuser", def: "off", kind: "bool", report: true, readOnly: true},
	{name: "lock_timeout", def: "0", kind: "integer", unit: "ms", canon: canonDuration("lock_timeout")},
	{name: "max_connections", def: "20", kind: "integer", readOnly: true},
	{name: "max_identifier_length", def: "63", kind: "integer", readOnly: true},
	{name: "max_index_keys", def: "32", kind: "integer", readOnly: true},
	{name: "role", def: "none", canon: canonText},
	{name: "row_security", def: "on", kind: "bool", canon: canonBool},
	{name: "search_path", def: `"$user", public`, report: true, canon: canonText},
	{name: "server_encoding", def: "UTF8", report: true, readOnly: true},
	{name: "server_version", def: "16.15", report: true, readOnly: true},
	{name: "server_version_num", def: "160015", kind: "integer", readOnly: true},
	{name: "session_authorization", report: true, readOnly: true},
	{name: "standard_conforming_strings", def: "on", report: true, kind: "bool", canon: canonBool},
	{name: "statement_timeout", def: "0", kind: "integer", unit: "ms", canon: canonDuration("statement_timeout")},
	{name: "TimeZone", def: "UTC", report: true, canon: canonZone},
	{name: "transaction_isolation", def: "repeatable read", kind: "enum", readOnly: true},
	{name: "transaction_read_only", def: "off", kind: "bool", readOnly: true},
	{name: chosenBy, readOnly: true},
	{name: conflictDetail, def: "off", kind: "bool", canon: canonBool},
	{name: injectConflicts, canon: canonInjections},
}

// settingIndex finds a parameter by its lower-case name.
var settingIndex = map[string]int{}

func init() {
	settingList = append(append(settingList, inertSettings()...), shownSettings()...)
	slices.SortStableFunc(settingList, func(a, b setting) int { return strings.Compare(strings.ToLower(a.name), strings.ToLower(b.name)) })
	for i, s := range settingList {
		settingIndex[strings.ToLower(s.name)] = i
	}
}

// settings are a session's parameters. A change inside a transaction is undone
// when the transaction is rolled back, one by SET LOCAL when it ends.
type settings struct {
	values []string // by index in settingList
	start  []string // what RESET goes back to
	undo   []undo   // of the open transaction, oldest first
	format *types.Format
	plan   string // see planKey
	// timeout ends a statement; 0: never.
	timeout time.Duration
	extra   bool // whether there are the parameters that the original does not have
	// changed lists parameters whose new value the client has not been told.
	changed []int
}

type undo struct {
	index int
	value string
	local bool // undone at commit too
}

func newSettings(p *profile.Profile) *settings {
	s := &settings{values: make([]string, len(settingList)), extra: p.Lifts("parameters")}
	for i, st := range settingList {
		s.values[i] = st.def
	}
	if p.ConflictDetail {
		s.values[settingIndex[conflictDetail]] = "on"
	}
	s.values[settingIndex[chosenBy]] = p.Name
	s.start = append([]string(nil), s.values...)
	s.refresh()
	return s
}

func unknownSetting(name string) error {
	return pgerr.New(pgerr.UndefinedObject, "unrecognized configuration parameter \"%s\"", name)
}

// index finds a parameter by its name.
func (s *settings) index(name string) (int, bool) {
	i, ok := settingIndex[strings.ToLower(name)]
	return i, ok && s.knows(i)
}

// knows reports whether the session's profile has a parameter.
func (s *settings) knows(i int) bool { return s.extra || !settingList[i].extra }

// get returns a parameter's value and its proper spelling.
func (s *settings) get(name string) (value, spelled string, err error) {
	i, ok := s.index(name)
	if !ok {
		return "", "", unknownSetting(name)
	}
	return s.values[i], settingList[i].name, nil
}

// set changes a parameter. In a transaction the old value comes back if it fails,
// or with local when it ends.
func (s *settings) set(name, value string, local, inTxn bool) error {
	i, ok := s.index(name)
	if !ok {
		return unknownSetting(name)
	}
	st := &settingList[i]
	if st.readOnly {
		return pgerr.New(pgerr.CantChangeRuntimeParam, "parameter \"%s\" cannot be changed", st.name)
	}
	v, err := st.canon(s, value)
	var bad badValue
	switch {
	case errors.As(err, &bad) && bad.hint == "":
		return pgerr.New(pgerr.InvalidParameterValue, "parameter \"%s\" requires a Boolean value", name)
	case errors.As(err, &bad):
		return invalidValue(name, value).WithHint("%s", bad.hint)
	case err != nil:
		return err
	}
	if local && !inTxn {
		return nil // PostgreSQL warns and does nothing
	}
	if inTxn {
		s.undo = append(s.undo, undo{i, s.values[i], local})
	}
	s.put(i, v)
	return nil
}

// reset goes back to the value at the start of the session.
func (s *settings) reset(name string, inTxn bool) error {
	if name == "all" {
		for i := range settingList {
			if !settingList[i].readOnly && s.values[i] != s.start[i] {
				if inTxn {
					s.undo = append(s.undo, undo{i, s.values[i], false})
				}
				s.put(i, s.start[i])
			}
		}
		return nil
	}
	i, ok := s.index(name)
	if !ok {
		return unknownSetting(name)
	}
	return s.set(name, s.start[i], false, inTxn)
}

func (s *settings) put(i int, value string) {
	if s.values[i] == value {
		return
	}
	s.values[i] = value
	if settingList[i].report {
		s.changed = append(s.changed, i)
	}
	s.refresh()
}

// endTxn undoes what the end of a transaction undoes.
func (s *settings) endTxn(committed bool) {
	for k := len(s.undo) - 1; k >= 0; k-- {
		if u := s.undo[k]; u.local || !committed {
			s.put(u.index, u.value)
		}
	}
	s.undo = s.undo[:0]
}

// undoTo undoes the transaction's changes but the first n.
func (s *settings) undoTo(n int) {
	for k := len(s.undo) - 1; k >= n; k-- {
		s.put(s.undo[k].index, s.undo[k].value)
	}
	s.undo = s.undo[:n]
}

// takeChanged returns the reported parameters that have changed since it was
// last called.
func (s *settings) takeChanged() [][2]string {
	if len(s.changed) == 0 {
		return nil
	}
	var out [][2]string
	for _, i := range s.changed {
		out = append(out, [2]string{settingList[i].name, s.values[i]})
	}
	s.changed = s.changed[:0]
	return out
}

// value returns a known parameter's value.
func (s *settings) value(name string) string { return s.values[settingIndex[name]] }

// planKey is what of the settings a plan depends on: names, the format of
// literals, and the planner's switches.
func (s *settings) planKey() string { return s.plan }

// planner are the planner's switches.
func (s *settings) planner() plan.Settings {
	p := plan.DefaultSettings
	for name, field := range map[string]*bool{
		"enable_hashjoin": &p.HashJoin, "enable_mergejoin": &p.MergeJoin, "enable_nestloop": &p.NestLoop, "enable_hashagg": &p.HashAgg,
		"enable_sort": &p.Sort, "enable_seqscan": &p.SeqScan, "enable_indexscan": &p.IndexScan, "enable_indexonlyscan": &p.IndexOnlyScan,
		"enable_material": &p.Material, "dsql.enable_batched_nestloop": &p.BatchedNestLoop,
	} {
		*field = s.value(name) == "on"
	}
	return p
}

// refresh computes the text format of values from the parameters.
func (s *settings) refresh() {
	f := *types.DefaultFormat
	style, order, _ := strings.Cut(s.value("datestyle"), ", ")
	f.DateStyle, f.DateOrder = style, order
	f.IntervalStyle = s.value("intervalstyle")
	f.ExtraFloat, _ = strconv.Atoi(s.value("extra_float_digits"))
	f.ByteaEscape = s.value("bytea_output") == "escape"
	if zone, err := types.ParseSettingZone(s.value("timezone")); err == nil {
		f.Zone = zone
	}
	s.format = &f
	s.timeout, _ = parseDuration("statement_timeout", s.value("statement_timeout"))
	var key strings.Builder
	for i, st := range settingList {
		if st.canon != nil && !st.inert && !plansIgnore[strings.ToLower(st.name)] && s.values[i] != st.def {
			key.WriteString(st.name + "=" + s.values[i] + ";")
		}
	}
	s.plan = key.String()
}

// plansIgnore are settings that no plan depends on.
var plansIgnore = map[string]bool{"statement_timeout": true, "lock_timeout": true, "idle_in_transaction_session_timeout": true, "application_name": true, "client_encoding": true, "client_min_messages": true, "role": true,
	conflictDetail: true, injectConflicts: true}

func invalidValue(name, value string) *pgerr.Error {
	return pgerr.New(pgerr.InvalidParameterValue, "invalid value for parameter \"%s\": \"%s\"", name, value)
}

func canonText(_ *settings, v string) (string, error) { return v, nil }

// canonName keeps printable ASCII, as PostgreSQL does for application_name.
func canonName(_ *settings, v string) (string, error) {
	if len(v) > 63 {
		v = v[:63]
	}
	name := []byte(v)
	for i, c := range name {
		if c < ' ' || c > '~' {
			name[i] = '?'
		}
	}
	return string(name), nil
}

func canonEncoding(_ *settings, v string) (string, error) {
	// Only letters and digits of the name count: asyncpg sends 'utf-8' with its quotes.
	if name := funcs.EncodingName(v); name == "UTF8" || name == "SQL_ASCII" {
		return name, nil
	}
	return "", invalidValue("client_encoding", v)
}

// A badValue is a value that is no Boolean, or none of those that hint lists.
type badValue struct{ hint string }

func (badValue) Error() string { return "invalid value for parameter" }

func oneOf(values ...string) func(*settings, string) (string, error) {
	return func(_ *settings, v string) (string, error) {
		for _, known := range values {
			if strings.EqualFold(known, v) {
				return known, nil
			}
		}
		return "", badValue{"Available values: " + strings.Join(values, ", ") + "."}
	}
}

func canonBool(_ *settings, v string) (string, error) {
	switch strings.ToLower(v) {
	case "on", "true", "yes", "1", "t", "y", "tr", "tru", "ye":
		return "on", nil
	case "off", "false", "no", "0", "f", "n", "of", "fa", "fal", "fals":
		return "off", nil
	}
	return "", badValue{}
}

func canonInt(name string, lo, hi int) func(*settings, string) (string, error) {
	return func(_ *settings, v string) (string, error) {
		f, err := strconv.ParseFloat(strings.TrimSpace(v), 64)
		if err != nil || math.IsNaN(f) || math.Abs(f) > math.MaxInt32 {
			return "", invalidValue(name, v)
		}
		n := int(math.RoundToEven(f))
		if n < lo || n > hi {
			return "", pgerr.New(pgerr.InvalidParameterValue, "%d is outside the valid range for parameter \"%s\" (%d .. %d)", n, name, lo, hi)
		}
		return strconv.Itoa(n), nil
	}
}

// canonDateStyle merges a new style or order with what is set, as PostgreSQL does.
// A value may say either only once.
func canonDateStyle(s *settings, v string) (string, error) {
	style, order, _ := strings.Cut(s.value("datestyle"), ", ")
	hasStyle, hasOrder, conflict := false, false, false
	say := func(place *string, has *bool, word string) {
		conflict = conflict || *has && *place != word
		*place, *has = word, true
	}
	for _, word := range strings.Split(v, ",") {
		switch w := strings.ToLower(strings.TrimSpace(word)); {
		case w == "iso":
			say(&style, &hasStyle, "ISO")
		case w == "sql":
			say(&style, &hasStyle, "SQL")
		case strings.HasPrefix(w, "postgres"):
			say(&style, &hasStyle, "Postgres")
		case w == "german":
			say(&style, &hasStyle, "German")
			if !hasOrder { // the style suggests an order
				order = "DMY"
			}
		case w == "mdy", w == "us", strings.HasPrefix(w, "noneuro"):
			say(&order, &hasOrder, "MDY")
		case w == "dmy", strings.HasPrefix(w, "euro"):
			say(&order, &hasOrder, "DMY")
		case w == "ymd":
			say(&order, &hasOrder, "YMD")
		case w == "default":
			if !hasStyle {
				style = "ISO"
			}
			if !hasOrder {
				order = "MDY"
			}
		default:
			return "", invalidValue("DateStyle", v).WithDetail("Unrecognized key word: \"%s\".", w)
		}
	}
	if conflict {
		return "", invalidValue("DateStyle", v).WithDetail("Conflicting \"datestyle\" specifications.")
	}
	return style + ", " + order, nil
}

func canonZone(_ *settings, v string) (string, error) {
	zone, err := types.ParseSettingZone(v)
	if err != nil {
		return "", err
	}
	return zone.String(), nil
}

// searchPath is the search_path taken apart, without "$user".
func (s *settings) searchPath(user string) []string {
	var path []string
	for _, item := range splitIdentifiers(s.value("search_path")) {
		if item == "$user" {
			item = user
		}
		if item != "" {
			path = append(path, item)
		}
	}
	return path
}

// splitIdentifiers takes a list of identifiers apart; unquoted ones fold to lower case.
func splitIdentifiers(list string) []string {
	var out []string
	var word strings.Builder
	quoted, wasQuoted := false, false
	end := func() {
		w := word.String()
		if !wasQuoted {
			w = strings.ToLower(strings.TrimSpace(w))
		}
		out = append(out, w)
		word.Reset()
		wasQuoted = false
	}
	for i := 0; i < len(list); i++ {
		switch c := list[i]; {
		case c == '"' && quoted && i+1 < len(list) && list[i+1] == '"':
			word.WriteByte('"')
			i++
		case c == '"':
			if !quoted {
				word.Reset()
			}
			quoted, wasQuoted = !quoted, true
		case c == ',' && !quoted:
			end()
		case wasQuoted && !quoted: // blanks after a quoted name
		default:
			word.WriteByte(c)
		}
	}
	end()
	return out
}

// quoteIdentifier quotes a name if it needs it, for SHOW search_path.
func quoteIdentifier(s string) string {
	plain := s != ""
	for i, c := range s {
		if !(c == '_' || c >= 'a' && c <= 'z' || i > 0 && (c >= '0' && c <= '9' || c == '$')) {
			plain = false
		}
	}
	if plain {
		return s
	}
	return `"` + strings.ReplaceAll(s, `"`, `""`) + `"`
}
