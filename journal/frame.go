package journal

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"math/rand/v2"
)

// castagnoli is the polynomial of CRC-32C, which processors compute themselves.
var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Sizes and marks of the encodings "Segment header" and "Frame" in docs/formats.md.
const (
	segmentMagic      = "zoryajnl"
	segmentVersion    = 1
	segmentHeaderSize = 40
	frameHeaderSize   = 24
	// maxFramePayload bounds what a length field may claim. A transaction is at most
	// some 10 MiB unless its limit is lifted.
	maxFramePayload = 1 << 30
)

// A segmentHeader begins every segment. Salt is random and enters the checksum
// of every frame header in the segment: bytes inside of a user's value are never
// mistaken for a frame.
type segmentHeader struct {
	salt  uint64
	first uint64 // Sequence number of the first record.
}

func newSegmentHeader(first uint64) segmentHeader {
	return segmentHeader{salt: rand.Uint64(), first: first}
}

func (h segmentHeader) encode() []byte {
	b := append([]byte(nil), segmentMagic...)
	b = binary.BigEndian.AppendUint32(b, segmentVersion)
	b = binary.BigEndian.AppendUint64(b, h.salt)
	b = binary.BigEndian.AppendUint64(b, h.first)
	b = append(b, make([]byte, segmentHeaderSize-4-len(b))...)
	return binary.BigEndian.AppendUint32(b, crc32.Checksum(b, castagnoli))
}

func decodeSegmentHeader(b []byte) (segmentHeader, error) {
	if len(b) < segmentHeaderSize {
		return segmentHeader{}, fmt.Errorf("segment header is cut short")
	}
	b = b[:segmentHeaderSize]
	sum := binary.BigEndian.Uint32(b[segmentHeaderSize-4:])
	if string(b[:8]) != segmentMagic || sum != crc32.Checksum(b[:segmentHeaderSize-4], castagnoli) {
		return segmentHeader{}, fmt.Errorf("segment header is damaged")
	}
	if v := binary.BigEndian.Uint32(b[8:]); v != segmentVersion {
		return segmentHeader{}, fmt.Errorf("segment version %d: written by a newer version of Zorya", v)
	}
	return segmentHeader{salt: binary.BigEndian.Uint64(b[12:]), first: binary.BigEndian.Uint64(b[20:])}, nil
}

// A frameHeader stands before the records of one batch.
type frameHeader struct {
	length  uint32 // Bytes of the payload.
	count   uint32 // Records in it.
	first   uint64 // Sequence number of the first of them.
	payload uint32 // Checksum of the payload.
}

// sum is the checksum of the header itself.
func (h frameHeader) sum(salt uint64) uint32 {
	var b [28]byte
	binary.BigEndian.PutUint64(b[:], salt)
	h.put(b[8:])
	return crc32.Checksum(b[:], castagnoli)
}

// put writes the first 20 bytes of the header.
func (h frameHeader) put(b []byte) {
	binary.BigEndian.PutUint32(b, h.length)
	binary.BigEndian.PutUint32(b[4:], h.count)
	binary.BigEndian.PutUint64(b[8:], h.first)
	binary.BigEndian.PutUint32(b[16:], h.payload)
}

// decodeFrameHeader returns the header in b, which has frameHeaderSize bytes,
// and whether it is one that was written into a segment with this salt.
func decodeFrameHeader(b []byte, salt uint64) (frameHeader, bool) {
	h := frameHeader{
		length:  binary.BigEndian.Uint32(b),
		count:   binary.BigEndian.Uint32(b[4:]),
		first:   binary.BigEndian.Uint64(b[8:]),
		payload: binary.BigEndian.Uint32(b[16:]),
	}
	if h.count == 0 || h.length > maxFramePayload {
		return h, false
	}
	return h, binary.BigEndian.Uint32(b[20:]) == h.sum(salt)
}

// appendFrame appends the frame of a batch that is not empty.
func appendFrame(b []byte, batch []Record, salt uint64) []byte {
	start := len(b)
	b = append(b, make([]byte, frameHeaderSize)...)
	for i := range batch {
		at := len(b)
		b = appendRecord(append(b, 0, 0, 0, 0), &batch[i])
		binary.BigEndian.PutUint32(b[at:], uint32(len(b)-at-4))
	}
	payload := b[start+frameHeaderSize:]
	h := frameHeader{
		length:  uint32(len(payload)),
		count:   uint32(len(batch)),
		first:   batch[0].Seq,
		payload: crc32.Checksum(payload, castagnoli),
	}
	h.put(b[start:])
	binary.BigEndian.PutUint32(b[start+20:], h.sum(salt))
	return b
}

// matches reports whether payload is what the header was written for.
func (h frameHeader) matches(payload []byte) bool {
	return crc32.Checksum(payload, castagnoli) == h.payload
}

// decodePayload decodes the records of a frame, which alias payload.
func decodePayload(h frameHeader, payload []byte) ([]Record, error) {
	if !h.matches(payload) {
		return nil, fmt.Errorf("checksum does not match")
	}
	if uint64(h.count)*4 > uint64(len(payload)) {
		return nil, errShort
	}
	batch := make([]Record, h.count)
	for i := range batch {
		if len(payload) < 4 {
			return nil, errShort
		}
		n := binary.BigEndian.Uint32(payload)
		if uint64(n) > uint64(len(payload)-4) {
			return nil, errShort
		}
		r, err := decodeRecord(payload[4 : 4+n])
		if err != nil {
			return nil, err
		}
		if r.Seq != h.first+uint64(i) {
			return nil, fmt.Errorf("record %d stands where %d belongs", r.Seq, h.first+uint64(i))
		}
		batch[i], payload = r, payload[4+n:]
	}
	if len(payload) != 0 {
		return nil, errShort
	}
	return batch, nil
}
