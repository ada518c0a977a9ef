package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	sample "github.com/sealaudit/sealaudit/collectors/envelope"
	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb"
	"github.com/sealaudit/sealaudit/internal/envelope/ddb/item"
)

// itemID names an item by the values of its primary key.
type itemID struct {
	table  string // name or ARN
	pk, sk keyText
}

// keyText is the value of a key attribute as text, and its type if that is
// said: S, N or B.
type keyText struct {
	text, kind string
	given      bool
}

// parseItem reads dynamodb://TABLE?pk=VALUE[&sk=VALUE]. What a value is, the
// table says, or the name: pk:S=VALUE is a text, pk:N= a number, pk:B= bytes in
// base64.
func parseItem(locator string) (itemID, error) {
	bad := errors.New("it takes dynamodb://TABLE?pk=VALUE, and &sk=VALUE after that if the table has a sort key; write %26 for & and %25 for %, and bytes in base64")
	table, query, ok := strings.Cut(strings.TrimPrefix(locator, "dynamodb://"), "?")
	if !ok || table == "" {
		return itemID{}, bad
	}
	id := itemID{table: table}
	for pair := range strings.SplitSeq(query, "&") {
		name, text, ok := strings.Cut(pair, "=")
		name, kind, typed := strings.Cut(name, ":")
		text, err := url.PathUnescape(text) // + stays +
		to := map[string]*keyText{"pk": &id.pk, "sk": &id.sk}[name]
		if !ok || err != nil || text == "" || to == nil || to.given || typed && kind != "S" && kind != "N" && kind != "B" {
			return itemID{}, bad
		}
		*to = keyText{text, kind, true}
	}
	if !id.pk.given {
		return itemID{}, bad
	}
	return id, nil
}

// tableName is the name in a table's name or ARN.
func tableName(table string) string {
	if arnRegion(table) == "" {
		return table
	}
	_, name, _ := strings.Cut(table, "/")
	return name
}

// schema is a table's primary key.
type schema struct {
	partition, sort string
	types           map[string]types.ScalarAttributeType
}

// schemaOf asks for a table's primary key.
func (c *cloud) schemaOf(ctx context.Context, table string) (schema, error) {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	out, err := c.dynamodb(arnRegion(table)).DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: aws.String(table)})
	if err != nil {
		return schema{}, itemError(err)
	}
	s := schema{types: map[string]types.ScalarAttributeType{}}
	if out.Table != nil {
		for _, d := range out.Table.AttributeDefinitions {
			s.types[aws.ToString(d.AttributeName)] = d.AttributeType
		}
		for _, k := range out.Table.KeySchema {
			switch k.KeyType {
			case types.KeyTypeHash:
				s.partition = aws.ToString(k.AttributeName)
			case types.KeyTypeRange:
				s.sort = aws.ToString(k.AttributeName)
			}
		}
	}
	if s.partition == "" {
		return schema{}, fmt.Errorf("%w: dynamodb:DescribeTable answered without a primary key", envelope.ErrUnavailable)
	}
	return s, nil
}

// keyValue makes the value of a key attribute from its text.
func (s schema) keyValue(name string, k keyText) (item.Value, error) {
	kind := types.ScalarAttributeType(k.kind)
	if kind == "" {
		kind = s.types[name]
	}
	switch kind {
	case types.ScalarAttributeTypeS:
		return item.Text(k.text), nil
	case types.ScalarAttributeTypeN:
		if _, err := item.Normalise(k.text); err != nil {
			return item.Value{}, fmt.Errorf("the key %s is a number, and the given value is none", name)
		}
		return item.Number(k.text), nil
	case types.ScalarAttributeTypeB:
		b, err := base64.StdEncoding.DecodeString(k.text)
		if err != nil {
			return item.Value{}, fmt.Errorf("the key %s is binary; give its value in base64", name)
		}
		return item.Bytes(b), nil
	}
	return item.Value{}, fmt.Errorf("the key %s has a type that is not known here; say it: pk:S=, pk:N= or pk:B=", name)
}

// item gets an item and the primary key of its table. The table is not asked
// for that if given names and types say it.
func (c *cloud) item(ctx context.Context, id itemID, given ddb.Config) (ddb.Item, schema, error) {
	s := schema{partition: given.Partition, sort: given.Sort}
	if s.partition == "" || id.pk.kind == "" || id.sk.given && (s.sort == "" || id.sk.kind == "") {
		var err error
		if s, err = c.schemaOf(ctx, id.table); err != nil {
			return nil, s, err
		}
	}
	if (s.sort == "") == id.sk.given {
		return nil, s, fmt.Errorf("the table's primary key is %s; give pk=, and sk= exactly if there is a sort key", strings.TrimSuffix(s.partition+" and "+s.sort, " and "))
	}
	key := ddb.Item{}
	var err error
	if key[s.partition], err = s.keyValue(s.partition, id.pk); err == nil && id.sk.given {
		key[s.sort], err = s.keyValue(s.sort, id.sk)
	}
	if err != nil {
		return nil, s, err
	}
	it, err := c.getItem(ctx, id.table, key)
	return it, s, err
}

// getItem gets an item by its key, as it was last written.
func (c *cloud) getItem(ctx context.Context, table string, key ddb.Item) (ddb.Item, error) {
	in := &dynamodb.GetItemInput{TableName: aws.String(table), Key: map[string]types.AttributeValue{}, ConsistentRead: aws.Bool(true)}
	for name, v := range key {
		switch v.Type {
		case item.N:
			in.Key[name] = &types.AttributeValueMemberN{Value: v.Data}
		case item.B:
			in.Key[name] = &types.AttributeValueMemberB{Value: []byte(v.Data)}
		default:
			in.Key[name] = &types.AttributeValueMemberS{Value: v.Data}
		}
	}
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	out, err := c.dynamodb(arnRegion(table)).GetItem(ctx, in)
	switch {
	case err != nil:
		return nil, itemError(err)
	case len(out.Item) == 0:
		return nil, errNoItem
	}
	it := ddb.Item{}
	for name, v := range out.Item {
		if it[name], err = sample.ItemValue(v, 0); err != nil {
			return nil, err
		}
	}
	text, err := json.Marshal(it)
	if err != nil {
		return nil, fmt.Errorf("reading the item: %w", err)
	}
	return ddb.Parse(text) // with the bounds of an item that comes from a file
}

var errNoItem = errors.New("the table has no such item")

func itemError(err error) error {
	if awsapi.Code(err) == "ValidationException" {
		return fmt.Errorf("%w; check the table and the key", err)
	}
	return answered(err)
}
