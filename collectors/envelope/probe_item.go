package envelope

import (
	"context"
	"fmt"
	"math/big"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/sealaudit/sealaudit/internal/awsapi"
	"github.com/sealaudit/sealaudit/internal/envelope"
)

// itemProbe is a probe of a table. DynamoDB says of no item how it is
// encrypted: what the probe shows is that the table takes items and gives them
// back under the key that it has.
type itemProbe struct {
	*probe
	client   *dynamodb.Client
	table    *types.TableDescription
	key      map[string]types.AttributeValue
	called   string // the item, for people: its key
	doubtful bool   // whether it was written
}

func (i *itemProbe) run(ctx context.Context) {
	i.client = dynamodb.NewFromConfig(i.session.Config(i.target.Scope.Region), func(o *dynamodb.Options) {
		o.DisableValidateResponseChecksum = true // its only effect is a line on stderr, also where no checksum was sent
	})
	if !i.place(ctx) {
		return
	}
	if ctx.Err() != nil {
		i.fail("put", errInterrupted)
		return
	}
	i.say("probe: writing an item with %d random bytes to %s, %s, reading it back and deleting it", canarySize, i.parent.ARN, i.called)
	defer i.remove(ctx)
	if i.write(ctx) {
		i.readBack(ctx)
	}
}

// place reads the table's key, and gives the canary one of the right types.
func (i *itemProbe) place(ctx context.Context) bool {
	out, err := i.client.DescribeTable(ctx, &dynamodb.DescribeTableInput{TableName: &i.target.Name})
	if err != nil {
		i.fail("place", err)
		return false
	}
	if i.table = out.Table; i.table == nil || len(i.table.KeySchema) == 0 {
		i.lack("place", awsapi.Missing("KeySchema"))
		return false
	}
	typeOf := map[string]types.ScalarAttributeType{}
	for _, d := range i.table.AttributeDefinitions {
		typeOf[aws.ToString(d.AttributeName)] = d.AttributeType
	}
	i.key = map[string]types.AttributeValue{}
	for _, k := range i.table.KeySchema {
		name, value := aws.ToString(k.AttributeName), ""
		switch typeOf[name] {
		case types.ScalarAttributeTypeN: // up to 38 digits
			value = new(big.Int).SetBytes(i.random).String()
			i.key[name] = &types.AttributeValueMemberN{Value: value}
		case types.ScalarAttributeTypeB:
			value = i.name
			i.key[name] = &types.AttributeValueMemberB{Value: []byte(value)}
		case types.ScalarAttributeTypeS:
			value = i.name
			i.key[name] = &types.AttributeValueMemberS{Value: value}
		default:
			i.lack("place", awsapi.Missing("AttributeDefinitions of the key"))
			return false
		}
		i.called = join(i.called, text(name)+" = "+value)
	}
	return true
}

func join(list, one string) string {
	if list == "" {
		return one
	}
	return list + ", " + one
}

// write puts the item, unless there is one of its key. The attribute that marks
// it has the canary's name.
func (i *itemProbe) write(ctx context.Context) bool {
	ctx, cancel := writing(ctx)
	defer cancel()
	item := map[string]types.AttributeValue{i.name: &types.AttributeValueMemberB{Value: i.content}}
	for name, value := range i.key {
		item[name] = value
	}
	_, err := i.client.PutItem(ctx, &dynamodb.PutItemInput{TableName: &i.target.Name, Item: item,
		ConditionExpression: aws.String("attribute_not_exists(#k)"), ExpressionAttributeNames: map[string]string{"#k": aws.ToString(i.table.KeySchema[0].AttributeName)}},
		func(o *dynamodb.Options) { o.Retryer = once() })
	if err != nil {
		i.doubtful = !refused(err)
		i.fail("put", err)
		return false
	}
	i.written, i.seen.Bytes = true, int64(sizeOf(item))
	i.step("put", envelope.Verified, "The table took the item. Its setting is %s; DynamoDB says of no item how it is encrypted.", i.setting())
	return true
}

// setting is how the table is encrypted at rest (DynamoDB API, SSEDescription).
func (i *itemProbe) setting() string {
	d := i.table.SSEDescription
	switch {
	case d == nil:
		return "the AWS owned key"
	case aws.ToString(d.KMSMasterKeyArn) == "":
		return text(string(d.SSEType) + ", " + string(d.Status))
	}
	return fmt.Sprintf("%s with the key %s", text(string(d.SSEType)), text(aws.ToString(d.KMSMasterKeyArn)))
}

func (i *itemProbe) readBack(ctx context.Context) {
	out, err := i.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &i.target.Name, Key: i.key, ConsistentRead: aws.Bool(true)})
	if err != nil {
		i.fail("get", err)
		return
	}
	content, is := out.Item[i.name].(*types.AttributeValueMemberB)
	if !is {
		i.step("get", envelope.Refuted, "The table gave back no such item.")
		return
	}
	defer clear(content.Value)
	i.step("get", envelope.Verified, "The table gave the item back.")
	i.compare(content.Value)
}

// remove deletes the item. The deletion of one that is not there changes
// nothing.
func (i *itemProbe) remove(ctx context.Context) {
	if !i.written && !i.doubtful {
		return
	}
	ctx, cancel := i.removing(ctx, "the item "+i.called)
	defer cancel()
	if _, err := i.client.DeleteItem(ctx, &dynamodb.DeleteItemInput{TableName: &i.target.Name, Key: i.key}); err != nil {
		v, may := envelope.Refuted, "was left behind"
		if i.doubtful || !refused(err) {
			v, may = envelope.Unknown, "may have been left behind"
		}
		detail := probeGap("dynamodb", err).Detail
		i.say("probe: the item %s of %s %s; delete it yourself: %s", i.called, i.parent.ARN, may, detail)
		i.aside("delete", v, "The item %s %s; delete it yourself: %s", i.called, may, detail)
		return
	}
	out, err := i.client.GetItem(ctx, &dynamodb.GetItemInput{TableName: &i.target.Name, Key: i.key, ConsistentRead: aws.Bool(true)})
	i.aside("delete", envelope.Verified, "DeleteItem deleted the item %s.", i.called)
	switch {
	case err != nil:
		i.aside("gone", envelope.Unknown, "%s", probeGap("dynamodb", err).Detail)
	case len(out.Item) > 0:
		i.say("probe: the item %s of %s is still there after its deletion; delete it yourself", i.called, i.parent.ARN)
		i.aside("gone", envelope.Refuted, "There is still an item of the canary's key.")
	default:
		i.aside("gone", envelope.Verified, "There is no item of the canary's key any more.")
	}
}
