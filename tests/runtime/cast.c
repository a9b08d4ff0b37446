/* cast.c: see cast.h. */
#include "cast.h"

enum { ACTORS_MAX = 32, WORD_BYTES = 64, CLOSING_TURNS = 50 };

static cast_act_fn *act;
static struct actor {
    const char *name, *script;
    tt_task *task;
} actors[ACTORS_MAX];
static int actor_count;

/* Plays one word, as it stands in the script. */
static int play_word(const struct actor *actor, char *word)
{
    bool is_caught = word[strlen(word) - 1] == '?', is_silent = word[0] == '-';
    char shown[WORD_BYTES], label[2 * WORD_BYTES], *argument;
    int rc;

    if (is_caught)
        word[strlen(word) - 1] = '\0';
    word += is_silent;
    snprintf(shown, sizeof shown, "%s", word);
    argument = strchr(word, ':');
    if (argument)
        *argument++ = '\0';
    rc = strcmp(word, "sleep") == 0 ? tt_sleep(0) : act(word, argument);
    if (rc >= 0) {
        if (!is_silent)
            note("%s %s", actor->name, shown);
        return 0;
    }
    snprintf(label, sizeof label, "%s %s", actor->name, shown);
    if (is_caught)
        return note_and_drop(label);
    note_pending(label);
    return -1;
}

static int play(void *arg)
{
    const struct actor *actor = arg;
    char script[512], *rest = script;

    snprintf(script, sizeof script, "%s", actor->script);
    for (char *word; (word = strsep(&rest, " ")) != NULL;)
        if (*word && play_word(actor, word) < 0)
            return -1;
    return 0;
}

void cast_open(cast_act_fn *fn)
{
    act = fn;
    actor_count = 0;
}

tt_task *cast_play(const char *name, const char *script)
{
    struct actor *actor = &actors[actor_count++];
    const struct tt_task_options options = {.loop = stage_loop, .name = name};

    assert_true(actor_count <= ACTORS_MAX);
    *actor = (struct actor){.name = name, .script = script};
    actor->task = tt_create_task_with(play, actor, &options);
    assert_non_null(actor->task);
    return actor->task;
}

tt_task *cast_task(const char *name)
{
    for (int i = actor_count - 1; i >= 0; i--)
        if (strcmp(actors[i].name, name) == 0)
            return actors[i].task;
    fail_msg("nobody is called %s", name);
    return NULL;
}

void cast_cancel(const char *name, const char *message)
{
    assert_true(tt_task_cancel(cast_task(name), message));
}

bool cast_is_done(const char *name)
{
    return tt_task_done(cast_task(name));
}

void cast_close(void)
{
    cast_close_helped(NULL);
}

void cast_close_helped(void (*help)(void))
{
    bool any = true;

    for (int turn = 0; any && turn < CLOSING_TURNS; turn++) {
        any = false;
        for (int i = 0; i < actor_count; i++) {
            if (tt_task_done(actors[i].task))
                continue;
            any = true;
            tt_task_cancel(actors[i].task, "the end");
        }
        if (any)
            stage_turns(3);
        if (any && help)
            help();
    }
    for (int i = 0; i < actor_count; i++) {
        tt_exc *exc;

        assert_true(tt_task_done(actors[i].task));
        if (tt_task_exception(actors[i].task, &exc) < 0)
            assert_true(tt_catch(&tt_CancelledError) && tt_catch_end() == 0);
        tt_task_unref(actors[i].task);
    }
    actor_count = 0;
}
