package types

import (
	"bytes"
	"cmp"
	"net/netip"
	"strconv"
	"strings"

	"zorya/pgerr"
)

// inetOps are the functions of inet: a netip.Prefix in Datum.X, whose address
// keeps the bits behind the prefix; and of cidr, which functions of inet return.
func inetOps() map[string]*ops {
	inet := &ops{
		kind: KindOther, parse: parseInet, text: appendInet, recv: recvInet, send: sendInet, compare: compareInets,
		hash: func(d Datum, seed uint64) uint64 {
			var buf [40]byte
			return hashString(string(sendInet(buf[:0], d)), seed)
		},
		key: appendKeyInet, unkey: takeKeyInet,
	}
	cidr := *inet
	cidr.parse, cidr.text, cidr.recv, cidr.send = parseCidr, appendCidr, recvCidr, sendCidr
	return map[string]*ops{"inet": inet, "cidr": &cidr}
}

// NewInet is a value of inet.
func NewInet(p netip.Prefix) Datum { return Datum{Kind: KindOther, X: p} }

func inetOf(d Datum) netip.Prefix { p, _ := d.X.(netip.Prefix); return p }

func parseInet(_ T, s string, _ *Format) (Datum, error) {
	var p netip.Prefix
	var ok bool
	if strings.IndexByte(s, ':') >= 0 {
		p, ok = inet6(s)
	} else {
		p, ok = inet4(s)
	}
	if !ok {
		return Null, badSyntax("inet", s)
	}
	return NewInet(p), nil
}

// inet4 reads octets, which may be fewer than four if the prefix does not reach
// beyond them.
func inet4(s string) (p netip.Prefix, ok bool) {
	text, prefix, hasPrefix := strings.Cut(s, "/")
	octets := strings.Split(text, ".")
	if len(octets) > 4 {
		return p, false
	}
	var addr [4]byte
	for i, o := range octets {
		n, ok := decimal(o, 255)
		if !ok {
			return p, false
		}
		addr[i] = byte(n)
	}
	bits := 32
	if hasPrefix {
		if bits, ok = decimal(prefix, 32); !ok {
			return p, false
		}
	}
	return netip.PrefixFrom(netip.AddrFrom4(addr), bits), (bits+7)/8 <= len(octets)
}

func inet6(s string) (p netip.Prefix, ok bool) {
	text, prefix, hasPrefix := strings.Cut(s, "/")
	addr, err := netip.ParseAddr(text)
	if err != nil || addr.Zone() != "" {
		return p, false
	}
	bits := 128
	if hasPrefix {
		if bits, ok = decimal(prefix, 128); !ok || len(prefix) > 1 && prefix[0] == '0' {
			return p, false
		}
	}
	return netip.PrefixFrom(addr, bits), true
}

// decimal reads digits that make a number up to limit.
func decimal(s string, limit int) (n int, ok bool) {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, false
		}
		if n = n*10 + int(s[i]-'0'); n > limit {
			return 0, false
		}
	}
	return n, s != ""
}

func appendInet(dst []byte, d Datum, _ *Format) []byte {
	p := inetOf(d)
	if p.Addr().Is4() {
		dst = p.Addr().AppendTo(dst)
	} else {
		dst = appendInet6(dst, p.Addr().As16())
	}
	if p.Bits() == p.Addr().BitLen() {
		return dst
	}
	return strconv.AppendInt(append(dst, '/'), int64(p.Bits()), 10)
}

// appendInet6 shortens the first longest run of zeros and shows IPv4 addresses
// inside as such.
func appendInet6(dst []byte, a [16]byte) []byte {
	word := func(i int) uint16 { return uint16(a[2*i])<<8 | uint16(a[2*i+1]) }
	from, size := -1, 1
	for i := 0; i < 8; i++ {
		j := i
		for j < 8 && word(j) == 0 {
			j++
		}
		if j-i > size {
			from, size = i, j-i
		}
		i = j
	}
	mapped := from == 0 && (size == 6 || size == 5 && word(5) == 0xffff)
	for i := 0; i < 8; i++ {
		switch {
		case i == from:
			dst = append(dst, ':')
			if i += size - 1; i == 7 {
				dst = append(dst, ':')
			}
			if mapped && i >= 5 {
				return netip.AddrFrom4([4]byte(a[12:])).AppendTo(append(dst, ':'))
			}
			continue
		case i > 0:
			dst = append(dst, ':')
		}
		if i == 6 && mapped {
			return netip.AddrFrom4([4]byte(a[12:])).AppendTo(dst)
		}
		dst = strconv.AppendUint(dst, uint64(word(i)), 16)
	}
	return dst
}

// Address families of inet's binary format.
const (
	wireInet4 = 2
	wireInet6 = 3
)

func sendInet(dst []byte, d Datum) []byte {
	p := inetOf(d)
	addr := p.Addr().AsSlice()
	family := byte(wireInet6)
	if len(addr) == 4 {
		family = wireInet4
	}
	return append(append(dst, family, byte(p.Bits()), 0, byte(len(addr))), addr...)
}

// parseCidr reads a network: no bits behind the prefix, which, if it is missing,
// is as long as what is written.
func parseCidr(t T, s string, f *Format) (Datum, error) {
	full := s
	if !strings.ContainsAny(s, "/:") {
		full = classfulPrefix(s)
	}
	d, err := parseInet(t, full, f)
	if err != nil {
		return Null, badSyntax("cidr", s)
	}
	if p := inetOf(d); p != p.Masked() {
		return Null, pgerr.New(pgerr.InvalidTextRepresentation, "invalid cidr value: \"%s\"", s).
			WithDetail("Value has bits set to right of mask.")
	}
	return d, nil
}

// classfulPrefix adds the prefix length that an IPv4 network had by its first
// octet before there were prefixes, or that of the octets written.
func classfulPrefix(s string) string {
	octets := strings.Split(s, ".")
	first, ok := decimal(octets[0], 255)
	if !ok || len(octets) > 4 {
		return s
	}
	bits := 8
	switch {
	case first >= 240:
		bits = 32
	case first >= 224:
		bits = 8
	case first >= 192:
		bits = 24
	case first >= 128:
		bits = 16
	}
	bits = max(bits, 8*len(octets))
	return s + strings.Repeat(".0", 4-len(octets)) + "/" + strconv.Itoa(bits)
}

func appendCidr(dst []byte, d Datum, f *Format) []byte {
	dst = appendInet(dst, d, f)
	if p := inetOf(d); p.Bits() == p.Addr().BitLen() {
		dst = strconv.AppendInt(append(dst, '/'), int64(p.Bits()), 10)
	}
	return dst
}

func sendCidr(dst []byte, d Datum) []byte {
	at := len(dst)
	dst = sendInet(dst, d)
	dst[at+2] = 1
	return dst
}

func recvCidr(t T, b []byte, f *Format) (Datum, error) {
	d, err := recvInet(t, b, f)
	if err == nil && inetOf(d) != inetOf(d).Masked() {
		return Null, pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid external \"cidr\" value").
			WithDetail("Value has bits set to right of mask.")
	}
	return d, err
}

func recvInet(_ T, b []byte, _ *Format) (Datum, error) {
	bad := func(what string) (Datum, error) {
		return Null, pgerr.New(pgerr.InvalidBinaryRepresentation, "invalid %s in external \"inet\" value", what)
	}
	if len(b) < 4 {
		return Null, errShort
	}
	size := map[byte]int{wireInet4: 4, wireInet6: 16}[b[0]]
	switch {
	case size == 0:
		return bad("address family")
	case int(b[1]) > size*8:
		return bad("bits")
	case int(b[3]) != size:
		return bad("length")
	}
	if err := wantBytes(b[4:], size); err != nil {
		return Null, err
	}
	addr, _ := netip.AddrFromSlice(b[4:])
	return NewInet(netip.PrefixFrom(addr, int(b[1]))), nil
}

// compareInets orders by family, network, prefix length and address.
func compareInets(a, b Datum) int {
	x, y := inetOf(a), inetOf(b)
	return cmp.Or(
		cmp.Compare(x.Addr().BitLen(), y.Addr().BitLen()),
		x.Masked().Addr().Compare(y.Masked().Addr()),
		cmp.Compare(x.Bits(), y.Bits()),
		x.Addr().Compare(y.Addr()),
	)
}

// A key is family, network, prefix length, address: the order of comparison.
func appendKeyInet(dst []byte, d Datum) []byte {
	p := inetOf(d)
	addr := p.Addr().AsSlice()
	dst = append(append(dst, byte(len(addr))), p.Masked().Addr().AsSlice()...)
	return append(append(dst, byte(p.Bits())), addr...)
}

func takeKeyInet(b []byte) (Datum, []byte, error) {
	if len(b) == 0 || b[0] != 4 && b[0] != 16 {
		return Null, nil, errKey
	}
	size := int(b[0])
	if len(b) < 2+2*size || int(b[1+size]) > 8*size {
		return Null, nil, errKey
	}
	addr, _ := netip.AddrFromSlice(b[2+size : 2+2*size])
	p := netip.PrefixFrom(addr, int(b[1+size]))
	if !bytes.Equal(p.Masked().Addr().AsSlice(), b[1:1+size]) {
		return Null, nil, errKey
	}
	return NewInet(p), b[2+2*size:], nil
}
