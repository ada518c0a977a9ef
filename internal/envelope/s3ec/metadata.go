package s3ec

import (
	"fmt"
	"maps"
	"strings"

	"github.com/sealaudit/sealaudit/internal/envelope"
)

// Names of the content metadata ("Content Metadata MapKeys").
const (
	nameKeyV1   = "x-amz-key"      // V1: wrapped data key
	nameKeyV2   = "x-amz-key-v2"   // V2: wrapped data key
	nameKeyV3   = "x-amz-3"        // V3: wrapped data key
	nameIV      = "x-amz-iv"       // V1, V2
	nameMatDesc = "x-amz-matdesc"  // V1, V2: material description or encryption context
	nameWrap    = "x-amz-wrap-alg" // V2
	nameContent = "x-amz-cek-alg"  // V2
	nameTagLen  = "x-amz-tag-len"  // V2, AES-GCM
	nameSuite   = "x-amz-c"        // V3: content algorithm suite
	nameWrapV3  = "x-amz-w"        // V3
	nameCommit  = "x-amz-d"        // V3: key commitment
	nameMessage = "x-amz-i"        // V3: message id
	nameContext = "x-amz-t"        // V3: encryption context, JSON
	nameDesc    = "x-amz-m"        // V3: material description, JSON
	nameLength  = "x-amz-unencrypted-content-length"
	nameMD5     = "x-amz-unencrypted-content-md5"
)

// maxValue bounds each value of the metadata. S3 itself keeps 2 KB of user
// metadata; instruction files hold more.
const maxValue = 64 << 10

// belongs reports whether a name is of this format, and the versions that
// have it ("Mapkeys exclusive to other format versions MUST NOT be present").
func belongs(name string) (versions string, ok bool) {
	switch name {
	case nameKeyV1:
		return "V1", true
	case nameKeyV2, nameWrap, nameContent, nameTagLen:
		return "V2", true
	case nameIV, nameMatDesc:
		return "V1 V2", true
	case nameKeyV3, nameSuite, nameWrapV3, nameCommit, nameMessage, nameContext, nameDesc:
		return "V3", true
	case nameLength, nameMD5:
		return "V1 V2 V3", true
	}
	return "", false
}

// known are the entries of metadata that are of this format, under their plain
// lower-case names. Two spellings of one name are an error.
func known(metadata map[string]string) (map[string]string, error) {
	out := make(map[string]string, min(len(metadata), 16))
	for name, value := range metadata {
		name = strings.TrimPrefix(strings.ToLower(name), "x-amz-meta-")
		if _, ok := belongs(name); !ok {
			continue
		}
		if _, twice := out[name]; twice {
			return nil, fmt.Errorf("%w: the metadata has %s twice", envelope.ErrFormat, name)
		}
		if len(value) > maxValue {
			return nil, fmt.Errorf("%w: the metadata's %s is longer than %d bytes", envelope.ErrFormat, name, maxValue)
		}
		out[name] = value
	}
	return out, nil
}

// content is an object's content metadata, wherever it stood.
type content struct {
	version  string
	values   map[string]string
	inFile   bool // the envelope stood in the instruction file
	leftOver bool // there is an instruction file that no client would read
}

// locate finds the content metadata of an object ("Determining S3EC Object
// Status", "V1/V2 Instruction Files", "V3 Instruction Files").
func locate(obj Object) (content, error) {
	metadata, err := known(obj.Metadata)
	if err != nil {
		return content{}, err
	}
	for _, name := range []string{nameKeyV1, nameKeyV2, nameKeyV3} {
		if _, ok := metadata[name]; ok {
			version, err := versionOf(metadata)
			if err != nil {
				return content{}, err
			}
			c := content{version: version, values: metadata, leftOver: obj.Instruction != nil}
			return c, c.check()
		}
	}
	if obj.Instruction == nil {
		return content{}, fmt.Errorf("%w: no envelope of the S3 Encryption Client: the metadata names no wrapped data key, and there is no instruction file; "+
			"read the object whose key ends in %s", envelope.ErrFormat, InstructionSuffix)
	}
	file, err := parseInstruction(obj.Instruction)
	if err != nil {
		return content{}, err
	}
	return merge(metadata, file)
}

// merge joins an instruction file with the metadata that stays with the
// object: for V3 the suite, the commitment and the message id, which only the
// object may carry.
func merge(metadata, file map[string]string) (content, error) {
	for _, name := range []string{nameSuite, nameCommit, nameMessage} {
		if _, ok := file[name]; ok {
			return content{}, fmt.Errorf("%w: the instruction file has %s, which only the object's own metadata may have", envelope.ErrFormat, name)
		}
	}
	values := maps.Clone(file)
	for name, value := range metadata {
		if _, both := file[name]; both && name != nameLength && name != nameMD5 {
			return content{}, fmt.Errorf("%w: %s stands in the metadata and in the instruction file", envelope.ErrFormat, name)
		}
		values[name] = value
	}
	version, err := versionOf(values)
	if err != nil {
		return content{}, err
	}
	for name := range metadata {
		stays := name == nameSuite || name == nameCommit || name == nameMessage
		if name != nameLength && name != nameMD5 && (version != "V3" || !stays) {
			return content{}, fmt.Errorf("%w: %s stands in the metadata, the wrapped key in the instruction file", envelope.ErrFormat, name)
		}
	}
	c := content{version: version, values: values, inFile: true}
	return c, c.check()
}

// versionOf tells the format version by the name of the wrapped data key, of
// which there must be exactly one.
func versionOf(values map[string]string) (string, error) {
	version, found := "", 0
	for _, v := range [][2]string{{nameKeyV1, "V1"}, {nameKeyV2, "V2"}, {nameKeyV3, "V3"}} {
		if _, ok := values[v[0]]; ok {
			version = v[1]
			found++
		}
	}
	if found != 1 {
		return "", fmt.Errorf("%w: %d of the names %s, %s and %s are present; an object has exactly one",
			envelope.ErrFormat, found, nameKeyV1, nameKeyV2, nameKeyV3)
	}
	return version, nil
}

// check finds names of other versions and required names that are missing.
func (c content) check() error {
	for name := range c.values {
		if versions, _ := belongs(name); !strings.Contains(versions, c.version) {
			return fmt.Errorf("%w: %s belongs to format %s, and the object is %s", envelope.ErrFormat, name, versions, c.version)
		}
	}
	var required []string
	switch c.version {
	case "V1":
		required = []string{nameIV, nameMatDesc}
	case "V2":
		required = []string{nameIV, nameMatDesc, nameWrap, nameContent}
	default:
		required = []string{nameSuite, nameWrapV3, nameCommit, nameMessage}
	}
	for _, name := range required {
		if _, ok := c.values[name]; !ok {
			return fmt.Errorf("%w: %s is missing, which format %s requires", envelope.ErrFormat, name, c.version)
		}
	}
	return nil
}
