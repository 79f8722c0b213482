package funcs

import (
	"math/big"
	"net/netip"
	"strconv"
	"strings"

	"zorya/pgerr"
	"zorya/sql/types"
)

var inetLane = other[netip.Prefix](types.KindOther)

// inetKernels: functions and operators of network addresses. A cidr is an inet
// without bits behind its prefix.
func inetKernels() kernels {
	return merge(inetParts(), inetContainment(), inetArithmetic(), inetPeers())
}

func inetParts() kernels {
	a, s, n := inetLane, textLane, intLane
	network := pure1(a, a, netip.Prefix.Masked)
	return kernels{
		"inet_abbrev":     pure1(a, s, func(p netip.Prefix) string { return inetText(types.InetOID, p) }),
		"cidr_abbrev":     pure1(a, s, abbreviate),
		"network_host":    pure1(a, s, func(p netip.Prefix) string { return inetText(types.InetOID, hostPart(p)) }),
		"network_show":    pure1(a, s, func(p netip.Prefix) string { return inetText(types.CidrOID, p) }),
		"network_masklen": pure1(a, n, func(p netip.Prefix) int64 { return int64(p.Bits()) }),
		"network_family": pure1(a, n, func(p netip.Prefix) int64 {
			if p.Addr().Is4() {
				return 4
			}
			return 6
		}),
		"network_network": network,
		"inet_to_cidr":    network,
		"network_broadcast": pure1(a, a, func(p netip.Prefix) netip.Prefix {
			return eachByte(p, p, func(x, mask byte) byte { return x | ^mask })
		}),
		"network_netmask": pure1(a, a, func(p netip.Prefix) netip.Prefix {
			return hostPart(eachByte(p, p, func(_, mask byte) byte { return mask }))
		}),
		"network_hostmask": pure1(a, a, func(p netip.Prefix) netip.Prefix {
			return hostPart(eachByte(p, p, func(_, mask byte) byte { return ^mask }))
		}),
		"inet_set_masklen": lift2(a, n, a, setMasklen),
		"cidr_set_masklen": lift2(a, n, a, func(p netip.Prefix, bits int64) (netip.Prefix, error) {
			p, err := setMasklen(p, bits)
			return p.Masked(), err
		}),
	}
}

func inetText(t types.OID, p netip.Prefix) string {
	return string(types.AppendText(nil, t, types.NewInet(p), types.DefaultFormat))
}

// hostPart is the address with a prefix of all its bits.
func hostPart(p netip.Prefix) netip.Prefix { return netip.PrefixFrom(p.Addr(), p.Addr().BitLen()) }

// eachByte computes an address from the bytes of p's and the mask of a prefix.
func eachByte(p, mask netip.Prefix, f func(x, mask byte) byte) netip.Prefix {
	b := p.Addr().AsSlice()
	for i := range b {
		ones := min(max(mask.Bits()-8*i, 0), 8)
		b[i] = f(b[i], byte(0xff<<(8-ones)))
	}
	return fromBytes(b, p.Bits())
}

func fromBytes(b []byte, bits int) netip.Prefix {
	addr, _ := netip.AddrFromSlice(b)
	return netip.PrefixFrom(addr, bits)
}

func setMasklen(p netip.Prefix, bits int64) (netip.Prefix, error) {
	if bits == -1 {
		return hostPart(p), nil
	}
	if bits < 0 || bits > int64(p.Addr().BitLen()) {
		return p, pgerr.New(pgerr.InvalidParameterValue, "invalid mask length: %d", bits)
	}
	return netip.PrefixFrom(p.Addr(), int(bits)), nil
}

// abbreviate prints a network without the octets behind its prefix: 10.1/16.
func abbreviate(p netip.Prefix) string {
	tail := "/" + strconv.Itoa(p.Bits())
	if p.Addr().Is4() {
		octets := strings.Split(p.Addr().String(), ".")
		return strings.Join(octets[:max((p.Bits()+7)/8, 1)], ".") + tail
	}
	if p.Bits() == 0 {
		return "::" + tail
	}
	return abbreviate6(p) + tail
}

// abbreviate6 prints the words that the prefix reaches, at least two, with the
// longest run of zeros among them left out, and IPv4 addresses inside as such.
func abbreviate6(p netip.Prefix) string {
	b := p.Masked().Addr().As16()
	words := max((p.Bits()+15)/16, 2)
	from, size := zeroRun(b, words)
	embedded := size != words && from == 0 && (size == 6 || size == 5 && b[10] == 0xff && b[11] == 0xff || size == 7 && b[14] != 0 && b[15] != 1)
	var out strings.Builder
	for w := range words {
		switch hi, lo := b[2*w], b[2*w+1]; {
		case w >= from && w < from+size:
			if w == from {
				out.WriteByte(':')
			}
			if w == words-1 {
				out.WriteByte(':')
			}
		case embedded && w > 5:
			out.WriteString(map[int]string{6: ":", 7: "."}[w] + strconv.Itoa(int(hi)))
			if w != 7 || p.Bits() > 120 {
				out.WriteString("." + strconv.Itoa(int(lo)))
			}
		default:
			if out.Len() > 0 {
				out.WriteByte(':')
			}
			out.WriteString(strconv.FormatUint(uint64(hi)<<8|uint64(lo), 16))
		}
	}
	return out.String()
}

// zeroRun finds the zeros that abbreviate6 leaves out. As in PostgreSQL, a run
// that is no longer than one before it lends its length to the next.
func zeroRun(b [16]byte, words int) (from, size int) {
	start, length := 0, 0
	for w := range words {
		switch {
		case b[2*w] == 0 && b[2*w+1] == 0:
			if length == 0 {
				start = w
			}
			length++
		case length > size:
			from, size, length = start, length, 0
		}
	}
	if length > size {
		from, size = start, length
	}
	return from, size
}

// commonBits is the number of leading bits that two addresses share, up to limit.
func commonBits(a, b netip.Prefix, limit int) int {
	x, y := a.Addr().AsSlice(), b.Addr().AsSlice()
	for n := range limit {
		if (x[n/8]^y[n/8])&(0x80>>(n%8)) != 0 {
			return n
		}
	}
	return limit
}

func sameFamily(a, b netip.Prefix) bool { return a.Addr().BitLen() == b.Addr().BitLen() }

func inetContainment() kernels {
	a := inetLane
	// within tells whether x lies in y, when the prefix lengths pass the test.
	within := func(lengths func(x, y int) bool) func(x, y netip.Prefix) bool {
		return func(x, y netip.Prefix) bool {
			n := min(x.Bits(), y.Bits())
			return sameFamily(x, y) && lengths(x.Bits(), y.Bits()) && commonBits(x, y, n) == n
		}
	}
	test := func(lengths func(x, y int) bool) kernel { return pure2(a, a, boolLane, within(lengths)) }
	return kernels{
		"network_sub":      test(func(x, y int) bool { return x > y }),
		"network_subeq":    test(func(x, y int) bool { return x >= y }),
		"network_sup":      test(func(x, y int) bool { return x < y }),
		"network_supeq":    test(func(x, y int) bool { return x <= y }),
		"network_overlap":  test(func(int, int) bool { return true }),
		"inet_same_family": pure2(a, a, boolLane, sameFamily),
		"inet_merge": lift2(a, a, a, func(x, y netip.Prefix) (netip.Prefix, error) {
			if !sameFamily(x, y) {
				return x, pgerr.New(pgerr.InvalidParameterValue, "cannot merge addresses from different families")
			}
			return netip.PrefixFrom(x.Addr(), commonBits(x, y, min(x.Bits(), y.Bits()))).Masked(), nil
		}),
	}
}

func inetArithmetic() kernels {
	a, n := inetLane, intLane
	both := func(name string, f func(x, y byte) byte) kernel {
		return lift2(a, a, a, func(p, q netip.Prefix) (netip.Prefix, error) {
			if !sameFamily(p, q) {
				return p, pgerr.New(pgerr.InvalidParameterValue, "cannot %s inet values of different sizes", name)
			}
			x, y := p.Addr().AsSlice(), q.Addr().AsSlice()
			for i := range x {
				x[i] = f(x[i], y[i])
			}
			return fromBytes(x, max(p.Bits(), q.Bits())), nil
		})
	}
	return kernels{
		"inetnot": pure1(a, a, func(p netip.Prefix) netip.Prefix {
			return eachByte(p, p, func(x, _ byte) byte { return ^x })
		}),
		"inetand": both("AND", func(x, y byte) byte { return x & y }),
		"inetor":  both("OR", func(x, y byte) byte { return x | y }),
		"inetpl":  lift2(a, n, a, func(p netip.Prefix, k int64) (netip.Prefix, error) { return addToInet(p, big.NewInt(k)) }),
		"int8pl_inet(20,869)": lift2(n, a, a, func(k int64, p netip.Prefix) (netip.Prefix, error) {
			return addToInet(p, big.NewInt(k))
		}),
		"inetmi_int8": lift2(a, n, a, func(p netip.Prefix, k int64) (netip.Prefix, error) {
			d := big.NewInt(k)
			return addToInet(p, d.Neg(d))
		}),
		"inetmi": lift2(a, a, n, func(p, q netip.Prefix) (int64, error) {
			if !sameFamily(p, q) {
				return 0, pgerr.New(pgerr.InvalidParameterValue, "cannot subtract inet values of different sizes")
			}
			x := new(big.Int).SetBytes(p.Addr().AsSlice())
			if x.Sub(x, new(big.Int).SetBytes(q.Addr().AsSlice())); !x.IsInt64() {
				return 0, errInetRange
			}
			return x.Int64(), nil
		}),
	}
}

var errInetRange = pgerr.New(pgerr.NumericValueOutOfRange, "result is out of range")

func addToInet(p netip.Prefix, k *big.Int) (netip.Prefix, error) {
	size := p.Addr().BitLen() / 8
	x := new(big.Int).SetBytes(p.Addr().AsSlice())
	if x.Add(x, k); x.Sign() < 0 || x.BitLen() > 8*size {
		return p, errInetRange
	}
	return fromBytes(x.FillBytes(make([]byte, size)), p.Bits()), nil
}

// inetPeers: the ends of the connection.
func inetPeers() kernels {
	return kernels{
		"inet_client_addr": withEnv(func(env Env) (types.Datum, error) {
			host, _ := env.ClientAddr()
			addr, err := netip.ParseAddr(host)
			if err != nil {
				return types.Null, nil
			}
			return types.NewInet(netip.PrefixFrom(addr.Unmap(), addr.Unmap().BitLen())), nil
		}),
	}
}
