package dev.millrace.gateway.dialect;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import dev.millrace.gateway.dialect.ClientEvent.CancelResponse;
import dev.millrace.gateway.dialect.ClientEvent.CreateResponse;
import dev.millrace.schemas.event.Message;
import dev.millrace.schemas.event.Prompt;
import dev.millrace.schemas.event.ReplyAddress;
import dev.millrace.schemas.event.ResponseFormat;
import dev.millrace.schemas.event.ResponseFormatType;
import dev.millrace.schemas.event.Role;
import dev.millrace.schemas.event.Sampling;
import io.vertx.core.json.JsonObject;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ClientEventReaderTest {
    private static final int TOO_LARGE = 9 << 20;

    @Test
    void readsAStringAsTheUsersMessage() throws Exception {
        CreateResponse create = create("'input':'hi'");

        assertThat(create.messages()).containsExactly(new Message(Role.USER, "hi"));
        assertThat(create.model()).isNull();
        assertThat(create.sampling()).isEqualTo(Sampling.newBuilder().build());
    }

    @Test
    void readsAHistoryInEveryShapeThatItComesIn() throws Exception {
        CreateResponse create = create("""
                'instructions': 'Be brief.',
                'input': [
                  {'role': 'user', 'content': [{'type': 'input_text', 'text': 'How '}, {'type': 'input_text', 'text': 'are you?'}]},
                  {'type': 'message', 'id': 'msg_1', 'status': 'completed', 'role': 'assistant', 'content':
                    [{'type': 'output_text', 'text': 'Fine.', 'annotations': []}]},
                  {'role': 'user', 'content': 'Why?'}]""");

        assertThat(create.messages())
                .containsExactly(
                        new Message(Role.SYSTEM, "Be brief."),
                        new Message(Role.USER, "How are you?"),
                        new Message(Role.ASSISTANT, "Fine."),
                        new Message(Role.USER, "Why?"));
    }

    @Test
    void takesADevelopersMessageForTheSystemPart() throws Exception {
        CreateResponse create =
                create("'input':[{'role':'developer','content':'Be brief.'},{'role':'user','content':'hi'}]");

        assertThat(create.messages().get(0)).isEqualTo(new Message(Role.SYSTEM, "Be brief."));
    }

    @Test
    void readsEveryParameter() throws Exception {
        CreateResponse create = create("""
                'input': 'hi', 'event_id': 'e', 'model': 'qwen', 'conversation': {'id': 'c'},
                'max_new_tokens': 10, 'max_output_tokens': 10, 'temperature': 2, 'top_p': 0.9, 'top_k': 0, 'min_p': 1,
                'repetition_penalty': 1.5, 'presence_penalty': -2, 'frequency_penalty': 2.0,
                'no_repeat_ngram_size': 3, 'do_sample': false, 'seed': -9223372036854775808, 'stop': ['a', 'b'],
                'loop_guard': false, 'language': 'th', 'adapter': 'brief'""");

        assertThat(create.eventId()).isEqualTo("e");
        assertThat(create.model()).isEqualTo("qwen");
        assertThat(create.conversation()).isEqualTo("c");
        assertThat(create.language()).isEqualTo("th");
        assertThat(create.toPrompt(UUID.randomUUID(), new ReplyAddress("replies", 0, 0L)))
                .extracting(Prompt::getLanguage, Prompt::getAdapter)
                .containsExactly("th", "brief");
        assertThat(create.sampling())
                .isEqualTo(Sampling.newBuilder()
                        .setMaxNewTokens(10)
                        .setTemperature(2f)
                        .setTopP(0.9f)
                        .setTopK(0)
                        .setMinP(1f)
                        .setRepetitionPenalty(1.5f)
                        .setPresencePenalty(-2f)
                        .setFrequencyPenalty(2f)
                        .setNoRepeatNgramSize(3)
                        .setDoSample(false)
                        .setSeed(Long.MIN_VALUE)
                        .setStop(List.of("a", "b"))
                        .setLoopGuard(false)
                        .build());
    }

    @Test
    void takesEitherNameForTheLongestAnswer() throws Exception {
        assertThat(create("'input':'hi','max_output_tokens':5").sampling().getMaxNewTokens())
                .isEqualTo(5);
        assertThat(create("'input':'hi','max_new_tokens':6").sampling().getMaxNewTokens())
                .isEqualTo(6);
    }

    @Test
    void takesNullForLeftOut() throws Exception {
        CreateResponse create = create("'input':'hi','temperature':null,'stop':null,'conversation':null,'tools':null");

        assertThat(create.sampling()).isEqualTo(Sampling.newBuilder().build());
    }

    @Test
    void takesWhatClientsSendAlongAndChangesNothing() throws Exception {
        create("'input':'hi','stream':true,'store':false,'background':false,'truncation':'disabled','tools':[]");
    }

    @Test
    void keepsEveryCharacter() throws Exception {
        String text = "ก็\u0000\n\"\\𝄞👩‍👩‍👧 العربية <|im_start|>";

        CreateResponse create = (CreateResponse) ClientEventReader.read(new JsonObject()
                .put("type", "response.create")
                .put("input", text)
                .encode());

        assertThat(create.messages().get(0).getContent()).isEqualTo(text);
    }

    @Test
    void readsACancellation() throws Exception {
        ClientEvent event =
                ClientEventReader.read("{\"type\":\"response.cancel\",\"response_id\":\"r\",\"event_id\":\"e\"}");

        assertThat(event).isEqualTo(new CancelResponse("e", "r"));
    }

    @Test
    void readsACancellationByAnIdThatIsACursor() throws Exception {
        String id = "resp_" + "c".repeat(1000);

        ClientEvent event = ClientEventReader.read("{\"type\":\"response.cancel\",\"response_id\":\"" + id + "\"}");

        assertThat(event).isEqualTo(new CancelResponse(null, id));
    }

    @Test
    void namesEveryUnknownParameter() {
        BadEventException refusal = refusal("'input':'hi','temprature':1,'top_q':2");

        assertThat(refusal.code()).isEqualTo(ErrorCode.UNKNOWN_PARAMETER);
        assertThat(refusal.param()).isEqualTo("temprature");
        assertThat(refusal).hasMessageContaining("temprature, top_q");
    }

    @Test
    void saysWhichEventItRefuses() {
        assertThat(refusal("'event_id':'mine'").eventId()).isEqualTo("mine");
        assertThat(refusal("'event_id':17,'input':'hi'").eventId()).isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "nothing", "[]", "null", "17", "{\"type\":", "{} {}", "{'type':'response.create'}"})
    void refusesWhatIsNoJsonObject(String frame) {
        BadEventException refusal = catchThrowableOfType(BadEventException.class, () -> ClientEventReader.read(frame));

        assertThat(refusal.code()).isEqualTo(ErrorCode.INVALID_JSON);
        assertThat(refusal.getMessage()).doesNotContain("nothing");
    }

    @Test
    void refusesJsonThatIsTooDeep() {
        String deep = "{\"type\":" + "[".repeat(100_000);

        assertThat(catchThrowableOfType(BadEventException.class, () -> ClientEventReader.read(deep))
                        .code())
                .isEqualTo(ErrorCode.INVALID_JSON);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '"',
            value = {
                "'input':17 | invalid_type | input",
                "'input':[] | invalid_value | input",
                "'instructions':'x','input':[] | invalid_value | input",
                "'input':null | missing_required_parameter | input",
                "'temperature':1 | missing_required_parameter | input",
                "'input':['hi'] | invalid_type | input[0]",
                "'input':[{'content':'hi'}] | missing_required_parameter | input[0].role",
                "'input':[{'role':'user'}] | missing_required_parameter | input[0].content",
                "'input':[{'role':'user','content':7}] | invalid_type | input[0].content",
                "'input':[{'role':'tool','content':'hi'}] | invalid_value | input[0].role",
                "'input':[{'role':'user','content':'hi','name':'x'}] | unknown_parameter | input[0].name",
                "'input':[{'type':'function_call','name':'x'}] | unsupported_value | input[0].type",
                "'input':[{'role':'assistant','content':'hi'}] | invalid_value | input",
                "'instructions':'x','input':[{'role':'system','content':'y'},{'role':'user','content':'z'}] "
                        + "| invalid_value | input[0].role",
                "'input':[{'role':'user','content':[{'type':'input_image','image_url':'x'}]}] "
                        + "| unsupported_value | input[0].content[0].type",
                "'input':[{'role':'user','content':[{'type':'input_text'}]}] "
                        + "| missing_required_parameter | input[0].content[0].text",
                "'input':'\\ud800' | invalid_value | input",
                "'input':'hi','stop':['\\udc00'] | invalid_value | stop[0]",
                "'input':'hi','temperature':2.01 | invalid_value | temperature",
                "'input':'hi','temperature':-0.1 | invalid_value | temperature",
                "'input':'hi','temperature':1e999 | invalid_value | temperature",
                "'input':'hi','temperature':'1' | invalid_type | temperature",
                "'input':'hi','top_p':0 | invalid_value | top_p",
                "'input':'hi','top_p':1e-60 | invalid_value | top_p",
                "'input':'hi','top_p':1.1 | invalid_value | top_p",
                "'input':'hi','top_k':-1 | invalid_value | top_k",
                "'input':'hi','top_k':1.5 | invalid_type | top_k",
                "'input':'hi','min_p':2 | invalid_value | min_p",
                "'input':'hi','repetition_penalty':0 | invalid_value | repetition_penalty",
                "'input':'hi','presence_penalty':3 | invalid_value | presence_penalty",
                "'input':'hi','frequency_penalty':-3 | invalid_value | frequency_penalty",
                "'input':'hi','no_repeat_ngram_size':65 | invalid_value | no_repeat_ngram_size",
                "'input':'hi','do_sample':1 | invalid_type | do_sample",
                "'input':'hi','seed':9223372036854775808 | invalid_type | seed",
                "'input':'hi','max_new_tokens':0 | invalid_value | max_new_tokens",
                "'input':'hi','max_new_tokens':3000000000 | invalid_value | max_new_tokens",
                "'input':'hi','max_new_tokens':1,'max_output_tokens':2 | invalid_value | max_new_tokens",
                "'input':'hi','stop':7 | invalid_type | stop",
                "'input':'hi','stop':[null] | invalid_type | stop[0]",
                "'input':'hi','stop':[''] | invalid_value | stop[0]",
                "'input':'hi','conversation':'' | invalid_value | conversation",
                "'input':'hi','conversation':{} | missing_required_parameter | conversation.id",
                "'input':'hi','conversation':{'id':'c','x':1} | unknown_parameter | conversation.x",
                "'input':'hi','model':7 | invalid_type | model",
                "'input':'hi','text':'plain' | invalid_type | text",
                "'input':'hi','text':{'verbosity':'low'} | unknown_parameter | text.verbosity",
                "'input':'hi','text':{'format':{}} | missing_required_parameter | text.format.type",
                "'input':'hi','text':{'format':{'type':'grammar'}} | unsupported_value | text.format.type",
                "'input':'hi','text':{'format':{'type':'json_object','schema':{}}} "
                        + "| unknown_parameter | text.format.schema",
                "'input':'hi','text':{'format':{'type':'json_schema'}} "
                        + "| missing_required_parameter | text.format.schema",
                "'input':'hi','text':{'format':{'type':'json_schema','schema':'{}'}} "
                        + "| invalid_type | text.format.schema",
                "'input':'hi','store':1 | invalid_type | store",
                "'input':'hi','include_history':'no' | invalid_type | include_history",
                "'input':'hi','previous_response_id':'' | invalid_value | previous_response_id",
                "'input':'hi','previous_response_id':'resp_x','conversation':'c' | invalid_value | conversation",
                "'input':'hi','tools':[{}] | unsupported_value | tools",
            })
    void refusesBadFields(String fields, String code, String param) {
        BadEventException refusal = refusal(fields);

        assertThat(refusal.code().code()).isEqualTo(code);
        assertThat(refusal.param()).isEqualTo(param);
    }

    @Test
    void readsWhatTheAnswerShallKeepTo() throws BadEventException {
        String schema = "{'type':'object','properties':{'b':true,'a':{'const':1}}}";
        String named = "{'type':'json_schema','name':'n','strict':true,'schema':" + schema + "}";

        assertThat(format("'text':{'format':" + named + "}"))
                .isEqualTo(new ResponseFormat(ResponseFormatType.JSON_SCHEMA, schema.replace('\'', '"')));
        assertThat(format("'text':{'format':{'type':'json_object'}}"))
                .isEqualTo(new ResponseFormat(ResponseFormatType.JSON_OBJECT, null));
        assertThat(format("'text':{'format':{'type':'text'}}")).isNull();
        assertThat(format("'text':{}")).isNull();
    }

    private static @Nullable ResponseFormat format(String text) throws BadEventException {
        return create("'input':'hi'," + text).sampling().getResponseFormat();
    }

    @Test
    void refusesMoreStopStringsThanTheContractHas() {
        String seventeen = "'a',".repeat(16) + "'a'";

        assertThat(refusal("'input':'hi','stop':[" + seventeen + "]").param()).isEqualTo("stop");
    }

    @Test
    void refusesAPromptThatNoTopicWouldTake() {
        assertThat(refusal("'input':'" + "x".repeat(TOO_LARGE) + "'").code()).isEqualTo(ErrorCode.PROMPT_TOO_LARGE);
        assertThat(refusal("'input':'" + "字".repeat(TOO_LARGE / 3) + "'").code())
                .isEqualTo(ErrorCode.PROMPT_TOO_LARGE);
    }

    @Test
    void refusesEventsOfOtherTypes() {
        BadEventException unknown = catchThrowableOfType(
                BadEventException.class, () -> ClientEventReader.read("{\"type\":\"session.update\"}"));
        BadEventException none = catchThrowableOfType(BadEventException.class, () -> ClientEventReader.read("{}"));

        assertThat(unknown.code()).isEqualTo(ErrorCode.UNKNOWN_EVENT);
        assertThat(none.code()).isEqualTo(ErrorCode.MISSING_REQUIRED_PARAMETER);
    }

    private static CreateResponse create(String fields) throws BadEventException {
        return (CreateResponse) ClientEventReader.read(event(fields));
    }

    private static BadEventException refusal(String fields) {
        return catchThrowableOfType(BadEventException.class, () -> ClientEventReader.read(event(fields)));
    }

    private static String event(String fields) {
        return ("{'type':'response.create'," + fields + "}").replace('\'', '"');
    }
}
