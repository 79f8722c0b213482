package funcs

import (
	"math"
	"math/big"
	"regexp"
	"strings"
	"time"

	"zorya/pgerr"
	"zorya/sql/types"
)

// Version is what version() says.
const Version = "PostgreSQL 16"

// catalogFuncs are answered by Env.CatalogFunc under their name.
const catalogFuncs = `
pg_get_expr pg_get_indexdef pg_get_constraintdef pg_get_viewdef pg_get_ruledef pg_get_triggerdef pg_get_functiondef
pg_get_function_arguments pg_get_function_result pg_get_function_identity_arguments pg_get_function_arg_default
pg_get_function_sqlbody pg_get_serial_sequence pg_get_statisticsobjdef pg_get_statisticsobjdef_columns pg_get_partkeydef pg_get_partition_constraintdef
pg_get_userbyid pg_table_is_visible pg_type_is_visible pg_function_is_visible pg_operator_is_visible pg_opclass_is_visible
pg_opfamily_is_visible pg_conversion_is_visible pg_statistics_obj_is_visible pg_collation_is_visible pg_ts_parser_is_visible
pg_ts_dict_is_visible pg_ts_config_is_visible pg_ts_template_is_visible
has_table_privilege has_sequence_privilege has_database_privilege has_function_privilege has_language_privilege
has_schema_privilege has_tablespace_privilege has_foreign_data_wrapper_privilege has_server_privilege has_column_privilege
has_any_column_privilege has_type_privilege has_parameter_privilege pg_has_role row_security_active
obj_description col_description shobj_description pg_relation_size pg_table_size pg_total_relation_size pg_indexes_size
pg_database_size pg_tablespace_size pg_relation_filenode pg_relation_filepath pg_relation_is_updatable pg_column_is_updatable pg_relation_is_publishable
pg_describe_object pg_identify_object pg_indexam_has_property pg_index_has_property pg_index_column_has_property
txid_current txid_current_if_assigned pg_stat_get_numscans pg_stat_get_tuples_returned pg_stat_get_tuples_fetched
pg_stat_get_tuples_inserted pg_stat_get_tuples_updated pg_stat_get_tuples_deleted pg_stat_get_live_tuples pg_stat_get_dead_tuples
pg_stat_get_last_analyze_time pg_stat_get_last_autoanalyze_time pg_stat_get_last_vacuum_time pg_stat_get_last_autovacuum_time
pg_stat_get_mod_since_analyze pg_sequence_last_value pg_tablespace_location
acldefault pg_cancel_backend pg_terminate_backend pg_postmaster_start_time pg_conf_load_time`

func systemKernels() kernels {
	out := kernels{}
	names := map[string]bool{}
	for _, n := range strings.Fields(catalogFuncs) {
		names[n] = true
	}
	eachLine(factFuncs, func(f []string) {
		if names[f[1]] {
			out[f[9]] = fromCatalog(f[1], oidsOf(f[2]))
		}
	})
	return merge(out, identityKernels(), settingKernels(), sequenceKernels(), nameKernels(), sleepKernels(), constantKernels(), advisoryKernels())
}

func (c *Ctx) env() (Env, error) {
	if c == nil || c.Env == nil {
		return nil, pgerr.New(pgerr.FeatureNotSupported, "function needs a session")
	}
	return c.Env, nil
}

// fromCatalog passes the call on with its declared argument types.
func fromCatalog(name string, argTypes []types.OID) kernel {
	return ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
		env, err := c.env()
		if err != nil {
			return types.Null, err
		}
		return env.CatalogFunc(c, name, a, argTypes)
	})
}

// withEnv makes a kernel of a function of the session without arguments.
func withEnv(f func(env Env) (types.Datum, error)) kernel {
	return ctxual(func(c *Ctx, _ []types.Datum) (types.Datum, error) {
		env, err := c.env()
		if err != nil {
			return types.Null, err
		}
		return f(env)
	})
}

func identityKernels() kernels {
	text := func(f func(env Env) string) kernel {
		return withEnv(func(env Env) (types.Datum, error) { return types.NewText(f(env)), nil })
	}
	return kernels{
		"current_user":     text(Env.CurrentUser),
		"session_user":     text(Env.SessionUser),
		"current_database": text(Env.CurrentDatabase),
		"pg_backend_pid":   withEnv(func(env Env) (types.Datum, error) { return types.NewInt(int64(env.BackendPID())), nil }),
		"current_query":    text(Env.Query),
		"current_schema": withEnv(func(env Env) (types.Datum, error) {
			if s := env.CurrentSchemas(false); len(s) > 0 {
				return types.NewText(s[0]), nil
			}
			return types.Null, nil
		}),
		"current_schemas": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			env, err := c.env()
			if err != nil {
				return types.Null, err
			}
			var elems []types.Datum
			for _, s := range env.CurrentSchemas(a[0].Bool()) {
				elems = append(elems, types.NewText(s))
			}
			return vector(types.NameOID, elems), nil
		}),
		"inet_client_port": withEnv(func(env Env) (types.Datum, error) {
			if _, port := env.ClientAddr(); port != 0 {
				return types.NewInt(int64(port)), nil
			}
			return types.Null, nil
		}),
	}
}

func settingKernels() kernels {
	get := ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
		env, err := c.env()
		if err != nil {
			return types.Null, err
		}
		missing := len(a) > 1 && a[1].Bool()
		v, err := env.Setting(a[0].S, missing)
		if err != nil {
			return types.Null, err
		}
		if v == "" && missing && !knownSetting(env, a[0].S) {
			return types.Null, nil
		}
		return types.NewText(v), nil
	})
	return kernels{
		"show_config_by_name": get, "show_config_by_name_missing_ok": get,
		"set_config_by_name": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			if a[0].IsNull() {
				return types.Null, pgerr.New(pgerr.NullValueNotAllowed, "SET requires parameter name")
			}
			env, err := c.env()
			if err != nil {
				return types.Null, err
			}
			if a[1].IsNull() {
				err = env.ResetSetting(a[0].S)
			} else {
				err = env.SetSetting(a[0].S, a[1].S, a[2].Bool())
			}
			if err != nil {
				return types.Null, err
			}
			v, err := env.Setting(a[0].S, true)
			return types.NewText(v), err
		}),
	}
}

func knownSetting(env Env, name string) bool {
	_, err := env.Setting(name, false)
	return err == nil
}

func sequenceKernels() kernels {
	withSeq := func(f func(c *Ctx, env Env, a []types.Datum) (int64, error)) kernel {
		return ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			env, err := c.env()
			if err != nil {
				return types.Null, err
			}
			v, err := f(c, env, a)
			return types.NewInt(v), err
		})
	}
	set := withSeq(func(c *Ctx, env Env, a []types.Datum) (int64, error) {
		called := len(a) < 3 || a[2].Bool()
		return a[1].I, env.Setval(c, types.OID(a[0].I), a[1].I, called)
	})
	return kernels{
		"nextval_oid": withSeq(func(c *Ctx, env Env, a []types.Datum) (int64, error) { return env.Nextval(c, types.OID(a[0].I)) }),
		"currval_oid": withSeq(func(_ *Ctx, env Env, a []types.Datum) (int64, error) { return env.Currval(types.OID(a[0].I)) }),
		"lastval":     withSeq(func(_ *Ctx, env Env, _ []types.Datum) (int64, error) { return env.Lastval() }),
		"setval_oid":  set, "setval3_oid": set,
	}
}

// nameKernels: to_reg…(text) gives NULL for what is not there.
func nameKernels() kernels {
	out := kernels{
		"pg_typeof": {typed: func(_ *Ctx, _ []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
			return types.NewInt(int64(ts[0].OID)), nil
		}},
		"format_type": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			if a[0].IsNull() {
				return types.Null, nil
			}
			t := types.Of(types.OID(a[0].I))
			if !a[1].IsNull() {
				t.Typmod = int32(a[1].I)
			}
			if ty := types.Get(t.OID); ty == nil || ty.Name == "" {
				if c != nil && c.Env != nil {
					if name, ok := c.Env.ObjectName("type", t.OID); ok {
						return types.NewText(name), nil
					}
				}
				return types.NewText("???"), nil
			}
			return types.NewText(types.FormatType(t)), nil
		}),
		"text_regclass": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			env, err := c.env()
			if err != nil {
				return types.Null, err
			}
			oid, err := env.ResolveName("class", a[0].S)
			return types.NewInt(int64(oid)), err
		}),
	}
	for name, kind := range map[string]string{
		"to_regclass": "class", "to_regtype": "type", "to_regproc": "proc", "to_regprocedure": "procedure",
		"to_regoper": "oper", "to_regoperator": "operator", "to_regcollation": "collation",
		"to_regnamespace": "namespace", "to_regrole": "role",
	} {
		out[name] = ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			env, err := c.env()
			if err != nil {
				return types.Null, err
			}
			oid, err := env.ResolveName(kind, a[0].S)
			switch pgerr.Code(err) {
			case "":
				return types.NewInt(int64(oid)), nil
			case pgerr.SyntaxError:
				return types.Null, err
			}
			return types.Null, nil
		})
	}
	return out
}

func sleepKernels() kernels {
	sleep := func(c *Ctx, seconds float64) (types.Datum, error) {
		if seconds <= 0 || math.IsNaN(seconds) {
			return types.NewText(""), nil
		}
		timer := time.NewTimer(time.Duration(min(seconds, 1e9) * float64(time.Second)))
		defer timer.Stop()
		select {
		case <-timer.C:
			return types.NewText(""), nil
		case <-c.Done():
			return types.Null, pgerr.New(pgerr.QueryCanceled, "canceling statement due to user request")
		}
	}
	return kernels{
		"pg_sleep": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) { return sleep(c, a[0].F) }),
		"pg_sleep_for(1186)": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			v := breakInterval(a[0].X.(types.Interval))
			return sleep(c, float64(v.epoch)/1e6)
		}),
		"pg_sleep_until(1184)": ctxual(func(c *Ctx, a []types.Datum) (types.Datum, error) {
			return sleep(c, float64(a[0].I-MicrosOf(time.Now()))/1e6)
		}),
	}
}

func constantKernels() kernels {
	constant := func(d types.Datum) kernel {
		return scalar(func([]types.Datum) (types.Datum, error) { return d, nil })
	}
	return kernels{
		"pgsql_version":       constant(types.NewText(Version)),
		"pg_is_in_recovery":   constant(types.NewBool(false)),
		"getdatabaseencoding": constant(types.NewText("UTF8")),
		"pg_client_encoding":  constant(types.NewText("UTF8")),
		// No trigger fires and nobody waits for a lock.
		"pg_trigger_depth":               constant(types.NewInt(0)),
		"pg_blocking_pids":               constant(vector(types.Int4OID, nil)),
		"pg_safe_snapshot_blocking_pids": constant(vector(types.Int4OID, nil)),
		"pg_my_temp_schema":              constant(types.NewInt(0)),
		"pg_is_other_temp_schema":        constant(types.NewBool(false)),
		"pg_jit_available":               constant(types.NewBool(false)),
		"pg_size_bytes":                  lift1(textLane, intLane, sizeBytes),
		"pg_size_pretty":                 pure1(intLane, textLane, func(v int64) string { return sizePretty(decInt(v, 0)) }),
		"pg_column_size": {typed: func(c *Ctx, a []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
			if a[0].IsNull() {
				return types.Null, nil
			}
			if ty := types.Get(ts[0].OID); ty != nil && ty.Len > 0 {
				return types.NewInt(int64(ty.Len)), nil
			}
			head := 4
			if ts[0].OID == types.UnknownOID { // a C string
				head = 1
			}
			return types.NewInt(int64(len(output(c, ts[0].OID, a[0])) + head)), nil
		}},
		"pg_collation_for": {typed: func(_ *Ctx, _ []types.Datum, ts []types.T, _ types.T) (types.Datum, error) {
			if categoryOf(ts[0].OID) == 'S' {
				return types.NewText(`"default"`), nil
			}
			return types.Null, pgerr.New(pgerr.DatatypeMismatch, "collations are not supported by type %s", typeName(ts[0].OID))
		}},
	}
}

// sizePretty prints bytes in the largest unit of which there are at least 10.
func sizePretty(size dec) string {
	below := func(n *big.Int, limit int64) bool { return new(big.Int).Abs(n).Cmp(big.NewInt(limit)) < 0 }
	if size.special() { // larger than any limit
		return size.text() + " PB"
	}
	if cmpDec(dec{n: new(big.Int).Abs(size.n), scale: size.scale}, decInt(10*1024, 0)) < 0 {
		return size.text() + " bytes"
	}
	// One bit more than shown is kept for rounding.
	n := new(big.Int).Quo(size.trunc(0).n, big.NewInt(512))
	units := []string{" kB", " MB", " GB", " TB", " PB"}
	for len(units) > 1 && !below(n, 20*1024-1) {
		n.Quo(n, big.NewInt(1024))
		units = units[1:]
	}
	n.Add(n, big.NewInt(int64(n.Sign())))
	return n.Quo(n, big.NewInt(2)).String() + units[0]
}

// sizeUnits are what may follow the number in pg_size_bytes(), by powers of two.
var sizeUnits = map[string]int{"": 0, "bytes": 0, "b": 0, "kb": 10, "mb": 20, "gb": 30, "tb": 40, "pb": 50}

var sizeNumber = regexp.MustCompile(`^\s*([+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?)\s*(.*?)\s*$`)

// sizeBytes reads what sizePretty prints, and any number with a unit.
func sizeBytes(s string) (int64, error) {
	m := sizeNumber.FindStringSubmatch(s)
	bad := pgerr.New(pgerr.InvalidParameterValue, "invalid size: \"%s\"", s)
	if m == nil {
		return 0, bad
	}
	n, err := types.Parse(types.Of(types.NumericOID), m[1], types.DefaultFormat)
	if err != nil {
		return 0, err
	}
	shift, ok := sizeUnits[strings.ToLower(m[2])]
	if !ok {
		return 0, bad.WithDetail("Invalid size unit: \"%s\".", m[2]).
			WithHint("Valid units are \"bytes\", \"B\", \"kB\", \"MB\", \"GB\", \"TB\", and \"PB\".")
	}
	if bytes := mulDec(fromNumeric(n), decInt(1<<shift, 0)).round(0); bytes.n.IsInt64() {
		return bytes.n.Int64(), nil
	}
	return 0, width8.err
}

// ownFuncs are functions that PostgreSQL does not have: schema sys, and those of
// later versions than the facts'.
func ownFuncs() []*Func {
	return []*Func{
		{
			OID: 9001, Schema: "sys", Name: "dsql_major_version", Result: types.Int4OID, Volatility: Stable, Kind: Plain,
			Eval: func(*Ctx, []types.Datum) (types.Datum, error) { return types.NewInt(1), nil },
		},
		{
			OID: 9002, Schema: "sys", Name: "wait_for_job", Args: []types.OID{types.TextOID}, ArgNames: []string{"job_id"},
			Result: types.BoolOID, OutTypes: []types.OID{types.BoolOID}, OutNames: []string{"succeeded"},
			Volatility: Volatile, Kind: Procedure, Strict: true,
		},
		{
			OID: 9003, Name: "any_value", Args: []types.OID{types.AnyElementOID}, Result: types.AnyElementOID,
			Strict: true, Volatility: Immutable, Kind: AggKind, NewAgg: newAnyValue,
		},
		{ // JDBC asks for the columns of keys with it
			OID: 9004, Schema: "information_schema", Name: "_pg_expandarray", Args: []types.OID{types.Int2VectorOID}, Result: types.RecordOID,
			OutTypes: []types.OID{types.Int2OID, types.Int4OID}, OutNames: []string{"x", "n"}, Set: true,
			Strict: true, Volatility: Immutable, Kind: Plain, Rows: expandArray,
		},
	}
}

// SQLValue is the value of a keyword that stands for one: "current_date",
// "current_user", "localtimestamp" …, without rounding to a precision.
func SQLValue(c *Ctx, name string) (types.Datum, error) {
	switch name {
	case "current_timestamp":
		return c.txnTime(), nil
	case "localtimestamp":
		return types.NewInt(utcToLocal(c.txnTime().I, c.zone())), nil
	case "current_date":
		return types.NewInt(floorDiv(c.today(), dayMicros)), nil
	case "localtime":
		return timeOf(utcToLocal(c.txnTime().I, c.zone())), nil
	case "current_time":
		now := c.txnTime().I
		_, offset := goTime(now).In(c.zone()).Zone()
		return types.Datum{Kind: types.KindTimeTZ, X: types.TimeTZ{Micros: timeOf(utcToLocal(now, c.zone())).I, Zone: int32(-offset)}}, nil
	}
	env, err := c.env()
	if err != nil {
		return types.Null, err
	}
	switch name {
	case "session_user":
		return types.NewText(env.SessionUser()), nil
	case "current_catalog":
		return types.NewText(env.CurrentDatabase()), nil
	case "current_schema":
		if s := env.CurrentSchemas(false); len(s) > 0 {
			return types.NewText(s[0]), nil
		}
		return types.Null, nil
	}
	return types.NewText(env.CurrentUser()), nil
}
