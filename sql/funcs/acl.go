package funcs

import (
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// aclNames are the names of the privileges, in the order of types.ACLLetters.
var aclNames = [...]string{"INSERT", "SELECT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER", "EXECUTE", "USAGE",
	"CREATE", "TEMPORARY", "CONNECT", "SET", "ALTER SYSTEM"}

func aclKernels() kernels {
	gone := func(name string) kernel {
		return ctxual(func(*Ctx, []types.Datum) (types.Datum, error) {
			return types.Null, pgerr.New(pgerr.FeatureNotSupported, "%s is no longer supported", name)
		})
	}
	return kernels{
		"aclexplode": {rows: aclExplode},
		"aclinsert":  gone("aclinsert"), "aclremove": gone("aclremove"),
		"aclcontains": ctxual(func(_ *Ctx, a []types.Datum) (types.Datum, error) {
			want, err := types.SplitACLItem(a[1].S)
			if err != nil {
				return types.Null, err
			}
			found := false
			err = eachACLItem(a[0], func(have types.ACLItem) error {
				found = found || have.Grantee == want.Grantee && have.Grantor == want.Grantor &&
					strings.Trim(want.Privs, have.Privs) == "" && strings.Trim(want.Options, have.Options) == ""
				return nil
			})
			return types.NewBool(found), err
		}),
		"aclitem_eq":  ctxual(func(_ *Ctx, a []types.Datum) (types.Datum, error) { return types.NewBool(a[0].S == a[1].S), nil }),
		"makeaclitem": ctxual(makeACLItem),
	}
}

func eachACLItem(list types.Datum, f func(types.ACLItem) error) error {
	array, ok := list.X.(*types.Array)
	if !ok {
		return nil
	}
	for _, d := range array.Elems {
		if d.IsNull() {
			return pgerr.New(pgerr.NullValueNotAllowed, "ACL arrays must not contain null values")
		}
		item, err := types.SplitACLItem(d.S)
		if err == nil {
			err = f(item)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// roleOID is a role's OID; 0 for PUBLIC.
func (c *Ctx) roleOID(name string) (types.Datum, error) {
	if name == "" {
		return types.NewInt(0), nil
	}
	env, err := c.env()
	if err != nil {
		return types.Null, err
	}
	oid, err := env.ResolveName("role", `"`+strings.ReplaceAll(name, `"`, `""`)+`"`)
	return types.NewInt(int64(oid)), err
}

// aclExplode yields a row for each privilege of each item.
func aclExplode(c *Ctx, a []types.Datum, emit func([]types.Datum) error) error {
	return eachACLItem(a[0], func(item types.ACLItem) error {
		grantor, err := c.roleOID(item.Grantor)
		if err != nil {
			return err
		}
		grantee, err := c.roleOID(item.Grantee)
		if err != nil {
			return err
		}
		for i, l := range types.ACLLetters {
			if strings.ContainsRune(item.Privs, l) {
				err := emit([]types.Datum{grantor, grantee, types.NewText(aclNames[i]), types.NewBool(strings.ContainsRune(item.Options, l))})
				if err != nil {
					return err
				}
			}
		}
		return nil
	})
}

// makeACLItem is makeaclitem(grantee, grantor, privileges, may be granted on).
func makeACLItem(c *Ctx, a []types.Datum) (types.Datum, error) {
	env, err := c.env()
	if err != nil {
		return types.Null, err
	}
	name := func(oid types.OID) string {
		text, ok := env.ObjectName("role", oid)
		if !ok {
			return ""
		}
		return strings.ReplaceAll(strings.Trim(text, `"`), `""`, `"`)
	}
	item := types.ACLItem{Grantor: name(types.OID(a[1].I))}
	if a[0].I != 0 {
		item.Grantee = name(types.OID(a[0].I))
	}
next:
	for _, word := range strings.Split(a[2].S, ",") {
		word = strings.TrimSpace(word)
		for i, n := range aclNames {
			if strings.EqualFold(n, word) || n == "TEMPORARY" && strings.EqualFold("TEMP", word) {
				item.Privs += types.ACLLetters[i : i+1]
				continue next
			}
		}
		return types.Null, pgerr.New(pgerr.InvalidParameterValue, "unrecognized privilege type: \"%s\"", word)
	}
	if a[3].Bool() {
		item.Options = item.Privs
	}
	return types.NewText(item.String()), nil
}
