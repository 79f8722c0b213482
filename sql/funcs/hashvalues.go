package funcs

import (
	"encoding/binary"
	"math/bits"
	"net/netip"
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

// A hasher is a type's hash function: with seed 0 the lower half of what it gives is
// the plain hash, the whole is that with a seed.
type hasher func(d types.Datum, seed uint64) (uint64, error)

func sureHash(f func(d types.Datum, seed uint64) uint64) hasher {
	return func(d types.Datum, seed uint64) (uint64, error) { return f(d, seed), nil }
}

// hashers are the hash functions by their names in PostgreSQL.
var hashers = func() map[string]hasher {
	word := sureHash(func(d types.Datum, seed uint64) uint64 { return hashWord(uint32(d.I), seed) })
	long := sureHash(func(d types.Datum, seed uint64) uint64 { return hashLong(d.I, seed) })
	float := sureHash(func(d types.Datum, seed uint64) uint64 { return hashFloat(d.F, seed) })
	text := sureHash(func(d types.Datum, seed uint64) uint64 { return hashBytes(d.S, seed) })
	return map[string]hasher{
		"hashint2": word, "hashint4": word, "hashoid": word, "hashchar": word, "hashint8": long, "timestamp_hash": long, "time_hash": long,
		"hashfloat4": float, "hashfloat8": float, "hashtext": text, "hashname": text, "hashvarlena": text, "uuid_hash": text,
		"hashbpchar":  sureHash(func(d types.Datum, seed uint64) uint64 { return hashBytes(strings.TrimRight(d.S, " "), seed) }),
		"timetz_hash": sureHash(hashTimeTZ), "interval_hash": sureHash(func(d types.Datum, seed uint64) uint64 {
			return hashLong(d.X.(types.Interval).Length(), seed)
		}),
		"hash_numeric": sureHash(hashNumeric), "hashinet": sureHash(hashInet), "hashoidvector": sureHash(hashOIDs), "jsonb_hash": sureHash(hashJSONB),
	}
}()

// hashersOf are the hash functions of types that elements and fields may have.
var hashersOf = map[types.OID]string{
	types.BoolOID: "hashchar", types.CharOID: "hashchar", types.Int2OID: "hashint2", types.Int4OID: "hashint4", types.Int8OID: "hashint8",
	types.DateOID: "hashint4", types.TimeOID: "time_hash", types.TimestampOID: "timestamp_hash", types.TimestampTZOID: "timestamp_hash",
	types.OidOID: "hashoid", types.Float4OID: "hashfloat4", types.Float8OID: "hashfloat8", types.TextOID: "hashtext", types.VarcharOID: "hashtext",
	types.NameOID: "hashname", types.ByteaOID: "hashvarlena", types.UUIDOID: "uuid_hash", types.BpcharOID: "hashbpchar",
	types.TimeTZOID: "timetz_hash", types.IntervalOID: "interval_hash", types.NumericOID: "hash_numeric", types.InetOID: "hashinet",
	types.CidrOID: "hashinet", types.JSONBOID: "jsonb_hash",
}

// hashKernels: the hash functions of types, plain and with a seed.
func hashKernels() kernels {
	out := kernels{}
	all := map[string]hasher{"hash_array": hashArray, "hash_record": hashRecord}
	for name, f := range hashers {
		all[name] = f
	}
	for name, f := range all {
		out[name] = scalar(func(a []types.Datum) (types.Datum, error) {
			h, err := f(a[0], 0)
			return types.NewInt(int64(int32(h))), err
		})
		extended := name + "extended"
		if strings.Contains(name, "_") {
			extended = name + "_extended"
		}
		out[extended] = scalar(func(a []types.Datum) (types.Datum, error) {
			h, err := f(a[0], uint64(a[1].I))
			return types.NewInt(int64(h)), err
		})
	}
	return out
}

// hashOf hashes a value of a type; NULL is 0.
func hashOf(t types.OID, d types.Datum, seed uint64) (uint64, error) {
	switch name := hashersOf[t]; {
	case d.IsNull():
		return 0, nil
	case name != "":
		return hashers[name](d, seed)
	case d.Kind == types.KindRecord && t != types.RecordOID: // PostgreSQL does not know whether an anonymous one can be hashed
		return hashRecord(d, seed)
	case d.Kind == types.KindArray:
		return hashArray(d, seed)
	}
	return 0, pgerr.New(pgerr.UndefinedFunction, "could not identify a hash function for type %s", types.FormatType(types.Of(t)))
}

func hashArray(d types.Datum, seed uint64) (uint64, error) {
	a, out := d.X.(*types.Array), uint64(1)
	for _, e := range a.Elems {
		h, err := hashOf(a.Elem, e, seed)
		if err != nil {
			return 0, err
		}
		out = out*31 + h
	}
	return out, nil
}

func hashRecord(d types.Datum, seed uint64) (uint64, error) {
	r, out := d.X.(*types.Record), uint64(0)
	for i, f := range r.Fields {
		h, err := hashOf(r.Types[i].OID, f, seed)
		if err != nil {
			return 0, err
		}
		out = out*31 + h
	}
	return out, nil
}

func hashTimeTZ(d types.Datum, seed uint64) uint64 {
	t := d.X.(types.TimeTZ)
	return hashLong(t.Micros, seed) ^ hashWord(uint32(t.Zone), seed)
}

// hashNumeric hashes a numeric's digits to the base 10000 without zeros at their ends,
// and their weight.
func hashNumeric(d types.Datum, seed uint64) uint64 {
	// What is sent: number of digits, weight, sign, scale, and the digits, which have
	// no zeros at their ends.
	b := types.AppendBinary(nil, types.NumericOID, d)
	weight := int64(int16(binary.BigEndian.Uint16(b[2:])))
	switch digits := b[8:]; {
	case binary.BigEndian.Uint16(b[4:])&0x8000 != 0: // NaN or infinite
		return seed
	case len(digits) == 0:
		return seed - 1
	default:
		for i := 0; i < len(digits); i += 2 {
			digits[i], digits[i+1] = digits[i+1], digits[i]
		}
		return hashBytes(string(digits), seed) ^ uint64(weight)
	}
}

// hashInet hashes the family, the length of the prefix and the address.
func hashInet(d types.Datum, seed uint64) uint64 {
	p, family := d.X.(netip.Prefix), byte(2)
	if p.Addr().Is6() {
		family = 3
	}
	return hashBytes(string(append([]byte{family, byte(p.Bits())}, p.Addr().AsSlice()...)), seed)
}

func hashOIDs(d types.Datum, seed uint64) uint64 {
	var b []byte
	for _, e := range d.X.(*types.Array).Elems {
		b = binary.LittleEndian.AppendUint32(b, uint32(e.I))
	}
	return hashBytes(string(b), seed)
}

// hashJSONB hashes the parts in their order.
func hashJSONB(d types.Datum, seed uint64) uint64 {
	h := jsonHash{seed: seed}
	v := d.X.(*types.JSONB)
	switch isScalar := v.Kind != types.JSONArray && v.Kind != types.JSONObject; {
	case isScalar: // it stands in an array of its own
		v = &types.JSONB{Kind: types.JSONArray, Elems: []*types.JSONB{v}}
	case len(v.Elems) == 0:
		return seed
	}
	h.add(v)
	return h.sum
}

type jsonHash struct{ sum, seed uint64 }

func (h *jsonHash) add(v *types.JSONB) {
	switch v.Kind {
	case types.JSONArray:
		h.sum ^= 0x4000000040000000
	case types.JSONObject:
		h.sum ^= 0x2000000020000000
	default:
		h.mix(h.scalar(v))
		return
	}
	for i, e := range v.Elems {
		if v.Kind == types.JSONObject {
			h.mix(hashBytes(v.Keys[i], h.seed))
		}
		h.add(e)
	}
}

// mix rotates both halves, so that the lower one is the plain hash, and adds a part.
func (h *jsonHash) mix(part uint64) {
	rotate := func(v uint64) uint64 { return uint64(bits.RotateLeft32(uint32(v), 1)) }
	h.sum = (rotate(h.sum>>32)<<32 | rotate(h.sum)) ^ part
}

func (h *jsonHash) scalar(v *types.JSONB) uint64 {
	switch v.Kind {
	case types.JSONNull:
		return h.seed + 1
	case types.JSONString:
		return hashBytes(v.Str, h.seed)
	case types.JSONNumber:
		return hashNumeric(v.Num, h.seed)
	}
	truth := types.NewBool(v.Bool)
	switch {
	case h.seed != 0:
		return hashWord(uint32(truth.I), h.seed)
	case v.Bool:
		return 2
	}
	return 4
}
