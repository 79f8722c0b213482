package catalog

import (
	"encoding/binary"
	"encoding/json"
	"fmt"

	"zorya/kv"
	"zorya/pgerr"
	"zorya/sql/types"
)

// A descriptor's key is kv.Descriptors, the kind's letter and the OID (big
// endian); its value is a format byte and JSON. JSON because descriptors are read
// once per change, must stay readable for ever, and get new fields.
const descriptorFormat byte = 1

// Rows of the system namespace that this package keeps: kv.System and one of
// these letters. (Sequences keep theirs under 's'.)
const (
	counterRow byte = 'c' // the next OID
	statsRow   byte = 'h' // statistics, by the table's OID
	statsMark  byte = 'H' // changed whenever a statistics row is
	jobRow     byte = 'j' // jobs, by their id
	purgeRow   byte = 'p' // keys to be deleted for good, by index OID
)

func descriptorKey(kind byte, oid types.OID) kv.Key {
	return binary.BigEndian.AppendUint32([]byte{kv.Descriptors, kind}, uint32(oid))
}

func systemKey(row byte, oid types.OID) kv.Key {
	return binary.BigEndian.AppendUint32([]byte{kv.System, row}, uint32(oid))
}

// nameKey is the key that creation of a name claims. class is that of nameID.
func nameKey(class byte, schema types.OID, name string) kv.Key {
	k := binary.BigEndian.AppendUint32([]byte{kv.Names, class}, uint32(schema))
	return append(k, name...)
}

// RefOf names the descriptor of an object: kind is one of the Kind letters. The
// descriptor of an index is its table's.
func RefOf(oid types.OID, kind byte) Ref {
	return Ref{OID: oid, Key: descriptorKey(kind, oid)}
}

// KeyOf is the key of an object's descriptor.
func KeyOf(o Object) kv.Key { return descriptorKey(o.kind(), o.ID()) }

// CheckDescriptor reports whether a descriptor can be read.
func CheckDescriptor(key kv.Key, value []byte) error {
	_, err := decode(key, value)
	return err
}

func encode(o Object) ([]byte, error) {
	b, err := json.Marshal(o)
	if err != nil {
		return nil, fmt.Errorf("encode descriptor %d: %w", o.ID(), err)
	}
	return append([]byte{descriptorFormat}, b...), nil
}

func decode(key kv.Key, value []byte) (Object, error) {
	if len(key) != 6 || len(value) == 0 || value[0] != descriptorFormat {
		return nil, pgerr.New(pgerr.DataCorrupted, "descriptor %x is not readable by this version", []byte(key))
	}
	o := newObject(key[1])
	if o == nil {
		return nil, pgerr.New(pgerr.DataCorrupted, "descriptor %x is of an unknown kind", []byte(key))
	}
	if err := json.Unmarshal(value[1:], o); err != nil {
		return nil, pgerr.New(pgerr.DataCorrupted, "descriptor %x: %v", []byte(key), err)
	}
	if o.ID() != types.OID(binary.BigEndian.Uint32(key[2:])) {
		return nil, pgerr.New(pgerr.DataCorrupted, "descriptor %x holds object %d", []byte(key), o.ID())
	}
	return o, nil
}
