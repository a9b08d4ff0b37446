/* play.c: plays the scenarios of ../examples, for the scripts of this folder.
 *
 *   play list               the names of all scenarios, one a line
 *   play SCENARIO           plays it; prints its transcript, masked
 *   play SCENARIO STORE     the same under `telltale record -o STORE`
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../examples/scenarios.h"
#include "harness.h"

int main(int argc, char **argv)
{
    const struct scenario *scenario;
    char *transcript, *masked;

    if (argc == 2 && strcmp(argv[1], "list") == 0) {
        for (size_t i = 0; (scenario = get_scenario(i)) != NULL; i++)
            printf("%s\n", scenario->name);
        return 0;
    }
    if (argc < 2 || argc > 3)
        return 2;
    scenario = find_scenario(argv[1]);
    transcript = argc == 3 ? play_recorded(scenario, argv[2], NULL) : play_in_c(scenario);
    masked = mask(transcript);
    fputs(masked, stdout);
    free(transcript);
    free(masked);
    return 0;
}
