package types

// An OID names an object of the catalog: a type, table, function, role.
type OID uint32

// A T is a type as it stands at a column or an expression: OID and modifier.
// Typmod is PostgreSQL's (pg_attribute.atttypmod): -1 when there is none.
type T struct {
	OID    OID
	Typmod int32
}

// Of is the type without a modifier.
func Of(o OID) T { return T{o, -1} }

// OIDs of the built-in types (PostgreSQL's pg_type.dat).
const (
	BoolOID                  OID = 16
	ByteaOID                 OID = 17
	CharOID                  OID = 18 // "char"
	NameOID                  OID = 19
	Int8OID                  OID = 20
	Int2OID                  OID = 21
	Int2VectorOID            OID = 22
	Int4OID                  OID = 23
	RegprocOID               OID = 24
	TextOID                  OID = 25
	OidOID                   OID = 26
	TidOID                   OID = 27
	XidOID                   OID = 28
	CidOID                   OID = 29
	OidVectorOID             OID = 30
	JSONOID                  OID = 114
	XMLOID                   OID = 142
	PgNodeTreeOID            OID = 194
	Float4OID                OID = 700
	Float8OID                OID = 701
	UnknownOID               OID = 705
	CidrOID                  OID = 650
	InetOID                  OID = 869
	AclItemOID               OID = 1033
	BpcharOID                OID = 1042
	VarcharOID               OID = 1043
	DateOID                  OID = 1082
	TimeOID                  OID = 1083
	TimestampOID             OID = 1114
	TimestampTZOID           OID = 1184
	IntervalOID              OID = 1186
	TimeTZOID                OID = 1266
	NumericOID               OID = 1700
	RefcursorOID             OID = 1790
	RegprocedureOID          OID = 2202
	RegoperOID               OID = 2203
	RegclassOID              OID = 2205
	RegtypeOID               OID = 2206
	RecordOID                OID = 2249
	CStringOID               OID = 2275
	AnyOID                   OID = 2276
	AnyArrayOID              OID = 2277
	VoidOID                  OID = 2278
	AnyElementOID            OID = 2283
	InternalOID              OID = 2281
	AnyNonArrayOID           OID = 2776
	UUIDOID                  OID = 2950
	JSONBOID                 OID = 3802
	AnyEnumOID               OID = 3500
	XID8OID                  OID = 5069
	RegnamespaceOID          OID = 4089
	RegroleOID               OID = 4096
	RegcollationOID          OID = 4191
	JSONPathOID              OID = 4072
	AnyCompatibleOID         OID = 5077
	AnyCompatibleArrayOID    OID = 5078
	AnyCompatibleNonArrayOID OID = 5079

	BoolArrayOID        OID = 1000
	ByteaArrayOID       OID = 1001
	CharArrayOID        OID = 1002
	NameArrayOID        OID = 1003
	Int8ArrayOID        OID = 1016
	Int2ArrayOID        OID = 1005
	Int4ArrayOID        OID = 1007
	TextArrayOID        OID = 1009
	OidArrayOID         OID = 1028
	Float4ArrayOID      OID = 1021
	Float8ArrayOID      OID = 1022
	BpcharArrayOID      OID = 1014
	VarcharArrayOID     OID = 1015
	AclItemArrayOID     OID = 1034
	DateArrayOID        OID = 1182
	TimeArrayOID        OID = 1183
	TimestampArrayOID   OID = 1115
	TimestampTZArrayOID OID = 1185
	IntervalArrayOID    OID = 1187
	NumericArrayOID     OID = 1231
	TimeTZArrayOID      OID = 1270
	RecordArrayOID      OID = 2287
	UUIDArrayOID        OID = 2951
	JSONArrayOID        OID = 199
	JSONBArrayOID       OID = 3807
	RegclassArrayOID    OID = 2210
	RegtypeArrayOID     OID = 2211
)
