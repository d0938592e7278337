from django.db import migrations, models

import common.clock


class Migration(migrations.Migration):
    dependencies = [("assistant", "0015_inbox")]

    operations = [
        migrations.AddField(
            model_name="conversation",
            name="read_at",
            field=models.DateTimeField(default=common.clock.now, editable=False, null=True),
        ),
    ]
